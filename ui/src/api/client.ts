import { QueryClient } from "@tanstack/react-query";
import { isApiError } from "./errors";
import type { Tag } from "./generated/Tag";

/** Reads are kept until a tag says they are stale. Only a broken line to the backend is tried again; the backend has its own retries. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      networkMode: "always",
      retry: (count, error) => count < 2 && isApiError(error) && error.code === "busy",
    },
    mutations: { networkMode: "always", retry: false },
  },
});

/** Makes every reading stale that provides one of the tags. */
export function invalidateTags(tags: readonly Tag[], client: QueryClient = queryClient): Promise<void> {
  if (tags.length === 0) return Promise.resolve();
  return client.invalidateQueries({
    predicate: ({ meta }) => {
      const provides = meta?.tags;
      return Array.isArray(provides) && provides.some((tag) => tags.includes(tag as Tag));
    },
  });
}
