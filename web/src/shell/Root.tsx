import { QueryClientProvider } from "@tanstack/react-query";
import { useState } from "react";
import { createQueryClient } from "../api/queryClient";
import { SessionGate } from "./SessionGate";

/** The whole page: what is remembered of the server, and whoever is signed in. */
export function Root() {
  const [queries] = useState(createQueryClient);
  return (
    <QueryClientProvider client={queries}>
      <SessionGate />
    </QueryClientProvider>
  );
}
