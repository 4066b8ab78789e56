import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./error";
import { SESSION_KEY } from "./queries";

/** Failed questions are repeated this often, when the fault may pass. */
const RETRIES = 2;

/** What the page remembers of the server; a 401 to anything shows the sign-in. */
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
      queries.setQueryData(SESSION_KEY, null);
    }
  }

  return queries;
}

function mayPass(failures: number, error: Error): boolean {
  const isRefusal = error instanceof ApiError && error.status >= 400 && error.status < 500;
  return !isRefusal && failures < RETRIES;
}
