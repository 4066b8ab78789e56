interface LoadMoreProps {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
}

/** The way to the older part of a list, while there is one. */
export function LoadMore({ list }: LoadMoreProps) {
  if (!list.hasNextPage) {
    return null;
  }
  return (
    <button type="button" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
      {list.isFetchingNextPage ? "Loading…" : "Show older"}
    </button>
  );
}
