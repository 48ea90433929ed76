/** A value with what it was before and what was taken back. */
export interface Undoable<T> {
  past: readonly T[];
  present: T;
  future: readonly T[];
  /** What the last change was; changes with the same key are one step. */
  key: string | null;
}

const LIMIT = 200;

export function undoable<T>(present: T): Undoable<T> {
  return { past: [], present, future: [], key: null };
}

/** A change. Two changes in a row with the same key (typing in one field) are one step. */
export function changeTo<T>(state: Undoable<T>, present: T, key: string | null = null): Undoable<T> {
  if (Object.is(state.present, present)) return state;
  if (key !== null && key === state.key) return { ...state, present, future: [] };
  return { past: [...state.past.slice(-LIMIT), state.present], present, future: [], key };
}

export function undo<T>(state: Undoable<T>): Undoable<T> {
  const before = state.past.at(-1);
  if (before === undefined) return state;
  return {
    past: state.past.slice(0, -1),
    present: before,
    future: [state.present, ...state.future],
    key: null,
  };
}

export function redo<T>(state: Undoable<T>): Undoable<T> {
  const [after, ...rest] = state.future;
  if (after === undefined) return state;
  return { past: [...state.past, state.present], present: after, future: rest, key: null };
}
