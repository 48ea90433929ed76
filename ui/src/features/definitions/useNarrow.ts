import { useSyncExternalStore } from "react";

const query = "(max-width: 860px)";

/** The window is so narrow (or so much enlarged) that form and preview can't stand beside each other. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const media = window.matchMedia(query);
      media.addEventListener("change", changed);
      return () => media.removeEventListener("change", changed);
    },
    () => window.matchMedia(query).matches,
  );
}
