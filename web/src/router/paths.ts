/** Paths of things, by id. Ids come from the server and are encoded all the same. */

export const alertPath = (id: string) => `/alerts/${encodeURIComponent(id)}`;
export const runPath = (id: string) => `/runs/${encodeURIComponent(id)}`;
export const approvalPath = (id: string) => `/approvals/${encodeURIComponent(id)}`;
export const responsePath = (id: string) => `/responses/${encodeURIComponent(id)}`;
export const userPath = (id: string) => `/people/${encodeURIComponent(id)}`;
