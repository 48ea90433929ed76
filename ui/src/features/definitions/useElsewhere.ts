import { type RefObject, useEffect, useRef, useState } from "react";
import type { SyncDefinition } from "@/api";
import { same } from "./compare";

/**
 * The saved definition may change while it is edited: its schedule is paused in another place, the command writes it. What is not
 * being changed here follows; what is, asks. The returned value is the other version as long as it waits for an answer.
 */
export function useElsewhere(
  stored: SyncDefinition,
  state: { definition: SyncDefinition; dirty: boolean },
  /** What was saved from here lately; it comes back as stored, perhaps after the next change. */
  own: RefObject<readonly SyncDefinition[]>,
  follow: (definition: SyncDefinition) => void,
): [other: SyncDefinition | null, answered: () => void] {
  const [other, setOther] = useState<SyncDefinition | null>(null);
  const seen = useRef(stored);
  const latest = useRef({ state, follow });
  latest.current = { state, follow };
  useEffect(() => {
    const before = seen.current;
    if (same(before, stored)) return;
    seen.current = stored;
    const { state: now, follow: take } = latest.current;
    if (same(stored, now.definition) || own.current.some((mine) => same(mine, stored))) return;
    if (now.dirty) setOther(stored);
    else take(stored);
  }, [stored, own]);
  return [other, () => setOther(null)];
}
