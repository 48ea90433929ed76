import type { FetchMode } from "@/api";

/** The fetch modes, as they are offered. */
export const fetchModes: readonly { value: FetchMode; label: string }[] = [
  { value: "new-and-updated", label: "New and updated since the last pull" },
  { value: "updated", label: "Only updated since the last pull; new records are left out" },
  { value: "all", label: "Always all" },
];
