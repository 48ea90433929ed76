import { useQueries } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { pagesFor } from "@/lib/pages";
import { type CommandName, call, type RequestOf, type ResponseOf } from "./call";
import { queryClient } from "./client";
import type { ApiError } from "./generated/ApiError";
import { commandTags } from "./generated/commands";
import { readKey } from "./hooks";

const SIZE = 200;

/** Commands that give rows by offset and say how many there are. */
type PagedName = {
  [N in CommandName]: ResponseOf<N> extends { rows: unknown[]; total: number }
    ? RequestOf<N> extends { offset?: number; limit?: number }
      ? N
      : never
    : never;
}[CommandName];

export interface Paged<R> {
  total: number;
  rowAt: (index: number) => R | undefined;
  onRange: (first: number, last: number) => void;
  pending: boolean;
  error: ApiError | null;
  refetch: () => void;
}

/** Rows of a long list, fetched page by page as they come into sight; `every` so many milliseconds anew while they still come in. */
export function usePages<N extends PagedName>(
  name: N,
  request: RequestOf<N>,
  { every = false }: { every?: number | false } = {},
): Paged<ResponseOf<N>["rows"][number]> {
  const [range, setRange] = useState<[number, number]>([0, 0]);
  const text = JSON.stringify(request);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `text` stands for the request
  const requests = useMemo(
    () =>
      [...new Set([0, ...pagesFor(range[0], range[1], SIZE)])].map(
        (page) => ({ ...request, offset: page * SIZE, limit: SIZE }) as RequestOf<N>,
      ),
    [text, range],
  );
  const results = useQueries({
    queries: requests.map((one) => ({
      queryKey: readKey(name, one),
      queryFn: () => call(name, one),
      meta: { tags: commandTags[name].provides },
      refetchInterval: every,
    })),
  });
  const head = results[0];
  const data = head?.data as { rows: unknown[]; total: number } | undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `results` says when a page has come, `text` stands for the request
  const rowAt = useCallback(
    (index: number) => {
      const page = Math.floor(index / SIZE);
      const key = readKey(name, { ...request, offset: page * SIZE, limit: SIZE } as RequestOf<N>);
      return queryClient.getQueryData<{ rows: ResponseOf<N>["rows"][number][] }>(key)?.rows[
        index - page * SIZE
      ];
    },
    [text, results],
  );
  const onRange = useCallback((first: number, last: number) => {
    setRange((old) =>
      pagesFor(old[0], old[1], SIZE).join() === pagesFor(first, last, SIZE).join() ? old : [first, last],
    );
  }, []);
  return {
    total: data?.total ?? 0,
    rowAt,
    onRange,
    pending: head?.isPending ?? true,
    error: (results.find((result) => result.error)?.error as ApiError | undefined) ?? null,
    refetch: () => {
      for (const result of results) void result.refetch();
    },
  };
}
