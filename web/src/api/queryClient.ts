import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./error";
import { SESSION_KEY } from "./queries";

/** Failed questions are repeated this often, when the fault may pass. */
const RETRIES = 2;

/**
 * What the page remembers of the server; after a 401 to anything it asks who is signed in.
 *
 * It does ask: a proof gives the session a new cookie, and what was under way with the old one is refused.
 */
export function createQueryClient(): QueryClient {
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: endSession }),
    mutationCache: new MutationCache({
      onError: (error, _given, _context, command) => {
        // A wrong password at the sign-in is a 401 too, and no news about the session.
        if (command.options.meta?.["isSignIn"] !== true) {
          endSession(error);
        }
      },
    }),
    defaultOptions: { queries: { retry: mayPass, staleTime: 1_000 } },
  });

  function endSession(error: Error): void {
    if (error instanceof ApiError && error.status === 401) {
      void queries.invalidateQueries({ queryKey: SESSION_KEY });
    }
  }

  return queries;
}

function mayPass(failures: number, error: Error): boolean {
  const isRefusal = error instanceof ApiError && error.status >= 400 && error.status < 500;
  return !isRefusal && failures < RETRIES;
}
