import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useProof } from "./proof";
import { isNotSession } from "./queries";

/** A command that changes something; whether taken or refused, what is shown is asked for again. */
export function useChange<Answer, Given = void>(send: (given: Given) => Promise<Answer>) {
  const queries = useQueryClient();
  const withProof = useProof();
  return useMutation({
    mutationFn: (given: Given) => withProof(() => send(given)),
    onSettled: () => {
      void queries.invalidateQueries({ predicate: isNotSession });
    },
  });
}
