import { useMutation, useQuery } from "@tanstack/react-query";
import type { AuditEvent, AuditVerdict, AuditView, Facets } from "./auditTypes";
import { buildPath, request } from "./client";
import { useList } from "./queries";
import type { Page } from "./types";

/** What is asked of the record: a query in the language of the search, within a ready-made question if one is named. */
export interface Question {
  q: string;
  view: string;
}

export function useAudit({ q, view }: Question) {
  return useList<AuditEvent>(["audit", "list", q, view], ["audit"], { q, view });
}

export function useAuditViews() {
  return useQuery({
    queryKey: ["audit-views"],
    queryFn: () => request<Page<AuditView>>("GET", "/audit/views"),
    staleTime: Infinity,
  });
}

/** Counts what a query finds. Its key is not that of the list, which every new event asks for again. */
export function useFacets(q: string) {
  return useQuery({
    queryKey: ["audit-facets", q],
    queryFn: () => request<Facets>("GET", buildPath(["audit", "facets"], { q })),
  });
}

/** The proof of one event, as a file that can be checked elsewhere. */
export function useProofOf(sequence: number) {
  return useMutation({
    mutationFn: () =>
      request<{ proof: string }>("GET", buildPath(["audit", "events", String(sequence), "proof"])),
  });
}

export function useVerifyAudit() {
  return useMutation({ mutationFn: () => request<AuditVerdict>("POST", "/audit/verify", {}) });
}

/** The address of an export. */
export function exportPath({ q, view }: Question, format: string): string {
  return `/api/v1${buildPath(["audit", "export"], { format, q, view })}`;
}
