import { queryOptions, useQueries, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { call } from "./call";
import { queryClient } from "./client";

/** The key of a kept value; one place, so that reading and writing agree. */
const keptKey = (key: string) => ["state.get", { key }] as const;

const keptQuery = (key: string) =>
  queryOptions({
    queryKey: keptKey(key),
    queryFn: async (): Promise<unknown> => (await call("state.get", { key })).value ?? null,
  });

/** Reads a kept value once; `fallback` when there is none or it has another shape. */
export async function readKept<T>(
  key: string,
  guard: (value: unknown) => value is T,
  fallback: T,
): Promise<T> {
  const { value } = await call("state.get", { key });
  return guard(value) ? value : fallback;
}

export async function writeKept(key: string, value: unknown): Promise<void> {
  queryClient.setQueryData(keptKey(key), value);
  await call("state.set", { key, value });
}

/** A kept value as far as it was read already. */
export function keptSoFar(key: string): unknown {
  return queryClient.getQueryData(keptKey(key));
}

/**
 * A small value kept between starts (favourites, column widths): shown at once, written a moment after the last change.
 * `ready` is false until the kept value was read.
 */
export function useKept<T>(
  key: string,
  guard: (value: unknown) => value is T,
  fallback: T,
): [value: T, set: (value: T) => void, ready: boolean] {
  const query = useQuery(keptQuery(key));
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const waiting = useRef<(() => void) | null>(null);
  // What is not written yet is written before the screen goes.
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      waiting.current?.();
    },
    [],
  );
  const set = useCallback(
    (value: T) => {
      queryClient.setQueryData(keptKey(key), value);
      clearTimeout(timer.current);
      const write = () => {
        waiting.current = null;
        void call("state.set", { key, value }).catch(() => undefined);
      };
      waiting.current = write;
      timer.current = setTimeout(write, 400);
    },
    [key],
  );
  const value = guard(query.data) ? query.data : fallback;
  return [value, set, query.isSuccess || query.isError];
}

/** What is told of kept values, by their keys; whoever shows it is drawn anew only when it changes. */
export function useToldOfKept(
  keys: readonly string[],
  tell: (value: unknown) => string,
): Readonly<Record<string, string>> {
  return useQueries({
    queries: keys.map(keptQuery),
    combine: (found) => Object.fromEntries(keys.map((key, at) => [key, tell(found[at]?.data)])),
  });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isStringList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
