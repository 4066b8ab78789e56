/** Who is on call. */
import { useQuery } from "@tanstack/react-query";
import { request } from "./client";

/** Somebody on call; without a name nobody here has this address, or they may not act, and nobody is asked. */
export interface OnCallPerson {
  email: string;
  name: string | null;
}

/** Who is on call by a rota now, and from `until` on. */
export interface Rota {
  name: string;
  timezone: string;
  at: string;
  until: string;
  people: OnCallPerson[];
  following: OnCallPerson[];
}

/** Milliseconds after which it is asked again who is on call: no event says that the hour has struck. */
const ASK_EVERY = 60_000;

export function useRotas() {
  return useQuery({
    queryKey: ["rotas"],
    queryFn: () => request<{ items: Rota[] }>("GET", "/oncall"),
    refetchInterval: ASK_EVERY,
  });
}
