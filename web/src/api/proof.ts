import { createContext, useContext } from "react";
import { ApiError } from "./error";

/** Lets the reader prove who they are; whether they did. */
type Prove = () => Promise<boolean>;

/** Where there is nobody to ask, nobody proves anything. */
export const ProofContext = createContext<Prove>(() => Promise.resolve(false));

/** Whether the server wants to know first that it is still the same person. */
export function wantsProof(error: unknown): boolean {
  return error instanceof ApiError && error.code === "step_up_required";
}

/** Returns what sends a request, and sends it once more after the reader has proved who they are, if that was missing. */
export function useProof(): <Answer>(send: () => Promise<Answer>) => Promise<Answer> {
  const prove = useContext(ProofContext);
  return async (send) => {
    try {
      return await send();
    } catch (error) {
      if (!wantsProof(error) || !(await prove())) {
        throw error;
      }
      return await send();
    }
  };
}
