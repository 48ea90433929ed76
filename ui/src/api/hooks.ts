import {
  keepPreviousData,
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
} from "@tanstack/react-query";
import { type CommandName, call, type RequestOf, type ResponseOf } from "./call";
import { invalidateTags } from "./client";
import type { ApiError } from "./generated/ApiError";
import { commandTags } from "./generated/commands";

export interface ReadOptions<T> {
  enabled?: boolean;
  /** Show the former answer while the next one is on its way. */
  keep?: boolean;
  /** Milliseconds between looks; for what no event announces. */
  every?: (known: T | undefined) => number | false;
  /** Ask anew whenever it comes into sight. */
  fresh?: boolean;
  /** Give the former question up when another one is asked, as while typing. */
  abandon?: boolean;
}

/** The key of a reading: the command's name, then its request. */
export function readKey<N extends CommandName>(name: N, request: RequestOf<N>): readonly [N, RequestOf<N>] {
  return [name, request] as const;
}

/** A reading, made stale by the tags the command list gives it. */
export function useRead<N extends CommandName>(
  name: N,
  request: RequestOf<N>,
  { enabled = true, keep = false, every, fresh, abandon = false }: ReadOptions<ResponseOf<N>> = {},
): UseQueryResult<ResponseOf<N>, ApiError> {
  return useQuery<ResponseOf<N>, ApiError>({
    queryKey: readKey(name, request),
    // Looking at the signal is what lets the client abort it.
    queryFn: (context) => call(name, request, abandon ? context.signal : undefined),
    enabled,
    meta: { tags: commandTags[name].provides },
    placeholderData: keep ? keepPreviousData : undefined,
    refetchInterval: every ? (query) => every(query.state.data) : false,
    ...(fresh ? { staleTime: 0 } : {}),
  });
}

/** How often the pause is looked at while something is waited for, in milliseconds. */
const PAUSE_LOOK_MS = 1000;

/** Until when the service of a connection asked to wait (RFC 3339), while something is waited for; null: it did not. */
export function usePausedUntil(connection: string, waiting: boolean): string | null {
  const budget = useRead(
    "connections.budget",
    { connection },
    { enabled: waiting, every: () => PAUSE_LOOK_MS },
  );
  const until = waiting ? (budget.data?.paused_until ?? null) : null;
  return until !== null && Date.parse(until) > Date.now() ? until : null;
}

/** Calls a command that changes something and makes stale what it says. */
export async function change<N extends CommandName>(name: N, request: RequestOf<N>): Promise<ResponseOf<N>> {
  const response = await call(name, request);
  await invalidateTags(commandTags[name].stales);
  return response;
}

export function useChange<N extends CommandName>(
  name: N,
): UseMutationResult<ResponseOf<N>, ApiError, RequestOf<N>> {
  return useMutation<ResponseOf<N>, ApiError, RequestOf<N>>({
    mutationFn: (request) => change(name, request),
  });
}
