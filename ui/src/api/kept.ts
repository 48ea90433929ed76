import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { call } from "./call";
import { queryClient } from "./client";

/** The key of a kept value; one place, so that reading and writing agree. */
const keptKey = (key: string) => ["state.get", { key }] as const;

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
  const query = useQuery({
    queryKey: keptKey(key),
    queryFn: async () => (await call("state.get", { key })).value ?? null,
  });
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

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isStringList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
