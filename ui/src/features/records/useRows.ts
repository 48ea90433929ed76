import { useInfiniteQuery, useQueries } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import {
  type ApiError,
  call,
  queryClient,
  type RecordRow,
  type RecordsPage,
  type RecordsQuery,
  readKey,
  usePausedUntil,
} from "@/api";

const PAGE = 200;

interface Rows {
  rowCount: number;
  rowAt: (index: number) => RecordRow | undefined;
  onRange: (first: number, last: number) => void;
  /** How many there are in all; `exact` false: at least so many. */
  total: { value: number; exact: boolean } | null;
  asOf: string | null;
  pulledColumns: string[] | null;
  pending: boolean;
  error: ApiError | null;
  refetch: () => void;
  /** All rows from `first` to before `end`, fetched where they are not here yet. */
  gather: (indices: readonly number[]) => Promise<RecordRow[]>;
}

/** Rows of a selection from the store: any page at any time, by offset. */
function useCachedRows(query: RecordsQuery, enabled: boolean): Rows {
  const [range, setRange] = useState<[number, number]>([0, 0]);
  const requests = useMemo(() => {
    const list: RecordsQuery[] = [];
    // The first page is always held: it says how many there are.
    const pages = new Set([0]);
    for (let page = range[0]; page <= range[1]; page++) pages.add(page);
    for (const page of pages) list.push({ ...query, offset: page * PAGE, limit: PAGE });
    return list;
  }, [query, range]);
  const results = useQueries({
    queries: requests.map((request) => ({
      queryKey: readKey("records.query", request),
      queryFn: () => call("records.query", request),
      enabled,
      meta: { tags: ["cache"] },
      staleTime: Number.POSITIVE_INFINITY,
    })),
  });
  const first = results[0];
  const head = first?.data;
  const error = (results.find((result) => result.error)?.error ?? null) as ApiError | null;
  const rowCount = head?.total ?? head?.rows.length ?? 0;
  // Rows of pages out of sight stay in the query cache and are found there.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `results` says when a page has come
  const rowAt = useCallback(
    (index: number) => {
      const page = Math.floor(index / PAGE);
      const key = readKey("records.query", { ...query, offset: page * PAGE, limit: PAGE });
      return queryClient.getQueryData<RecordsPage>(key)?.rows[index - page * PAGE];
    },
    [query, results],
  );
  const onRange = useCallback((from: number, to: number) => {
    const next: [number, number] = [Math.floor(from / PAGE), Math.floor(to / PAGE)];
    setRange((old) => (old[0] === next[0] && old[1] === next[1] ? old : next));
  }, []);
  const gather = useCallback(
    async (indices: readonly number[]) => {
      const pages = [...new Set(indices.map((index) => Math.floor(index / PAGE)))];
      const byPage = new Map<number, RecordRow[]>();
      for (const page of pages) {
        const request = { ...query, offset: page * PAGE, limit: PAGE };
        const data = await queryClient.ensureQueryData({
          queryKey: readKey("records.query", request),
          queryFn: () => call("records.query", request),
        });
        byPage.set(page, data.rows);
      }
      return indices.flatMap((index) => {
        const row = byPage.get(Math.floor(index / PAGE))?.[index % PAGE];
        return row ? [row] : [];
      });
    },
    [query],
  );
  return {
    rowCount,
    rowAt,
    onRange,
    total: head ? { value: rowCount, exact: head.total_exact } : null,
    asOf: head?.as_of ?? null,
    pulledColumns: head?.pulled_columns ?? null,
    pending: enabled && (first?.isPending ?? true) && !error,
    error: enabled ? error : null,
    refetch: () => {
      for (const result of results) void result.refetch();
    },
    gather,
  };
}

/** Rows of a selection from the service: page after page, as one scrolls. */
function useLiveRows(query: RecordsQuery, enabled: boolean): Rows {
  const pages = useInfiniteQuery({
    queryKey: ["records.query", "live", query] as const,
    queryFn: ({ pageParam }: { pageParam: string | null }) =>
      call("records.query", { ...query, limit: PAGE, cursor: pageParam ?? undefined }),
    initialPageParam: null as string | null,
    getNextPageParam: (last: RecordsPage) => last.next,
    enabled,
    retry: false,
  });
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isFetchNextPageError } = pages;
  const head = pages.data?.pages[0];
  const waiting = hasNextPage && !isFetchNextPageError ? 12 : 0;
  const onRange = useCallback(
    (_: number, last: number) => {
      if (last >= rows.length - 40 && hasNextPage && !isFetchingNextPage && !isFetchNextPageError)
        void fetchNextPage();
    },
    [rows.length, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage],
  );
  const rowAt = useCallback((index: number) => rows[index], [rows]);
  const gather = useCallback(
    async (indices: readonly number[]) => indices.flatMap((index) => (rows[index] ? [rows[index]] : [])),
    [rows],
  );
  return {
    rowCount: rows.length + waiting,
    rowAt,
    onRange,
    total:
      head?.total !== null && head?.total !== undefined
        ? { value: head.total, exact: head.total_exact }
        : pages.data
          ? { value: rows.length, exact: !hasNextPage }
          : null,
    asOf: head?.as_of ?? null,
    pulledColumns: null,
    pending: enabled && pages.isPending && !pages.error,
    error: enabled ? (pages.error as ApiError | null) : null,
    refetch: () => void (isFetchNextPageError ? fetchNextPage() : pages.refetch()),
    gather,
  };
}

/** Rows as they are shown. */
export interface ShownRows extends Rows {
  /** Rows in another order or of another filter are on their way: the grid keeps its heads and the focus meanwhile. */
  settling: boolean;
  /** The service asked to wait until then (RFC 3339); null: it did not. */
  pausedUntil: string | null;
}

/** Rows of a selection from where its mode says. */
export function useRows(query: RecordsQuery): ShownRows {
  const { connection, entity, mode } = query;
  const cached = useCachedRows(query, mode === "cached");
  const live = useLiveRows(query, mode === "live");
  const rows = mode === "cached" ? cached : live;
  const { pending } = rows;
  // The rows of something else begin with nothing.
  const of = `${connection}/${entity}/${mode}`;
  const before = useRef<string | null>(null);
  useEffect(() => {
    if (!pending) before.current = of;
  }, [pending, of]);
  const pausedUntil = usePausedUntil(connection, mode === "live" && pending);
  return { ...rows, settling: pending && before.current === of, pausedUntil };
}
