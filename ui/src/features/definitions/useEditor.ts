import { useCallback, useEffect, useRef, useState } from "react";
import {
  type ApiError,
  change,
  type DefinitionCheck,
  type Problem,
  type SyncDefinition,
  toApiError,
  useRead,
} from "@/api";
import { changeTo, redo, type Undoable, undo, undoable } from "@/lib/undo";
import { toJson } from "./model";
import { useDraft } from "./useDraft";
import { useElsewhere } from "./useElsewhere";

export type SaveState = "saved" | "waiting" | "saving" | "failed" | "unsaved";

export interface Editor {
  definition: SyncDefinition;
  /** The text as it is written now; it may be no definition at the moment. */
  json: string;
  /** The text that is saved. */
  savedJson: string;
  savedName: string;
  /** The text is no definition at the moment; the form shows the last one. */
  unreadable: boolean;
  /** Changes made in the form; `key` joins typing in one field into one step. */
  edit: (change: (definition: SyncDefinition) => SyncDefinition, key?: string) => void;
  editJson: (text: string) => void;
  undo: () => void;
  redo: () => void;
  canUndo: boolean;
  canRedo: boolean;
  check: DefinitionCheck | undefined;
  checkError: ApiError | null;
  problems: readonly Problem[];
  warnings: readonly Problem[];
  saveState: SaveState;
  saveError: ApiError | null;
  /** It runs by a schedule: changes wait for the person to save them. */
  live: boolean;
  /** Changes of an earlier sitting were taken up again. */
  recovered: boolean;
  /** Takes the saved definition again; can be undone. */
  revert: () => void;
  /** The saved one was changed in another place meanwhile. */
  elsewhere: boolean;
  /** Takes the version of the other place, or keeps this one. */
  settle: (which: "theirs" | "mine") => void;
  /** Saves now; true when it worked. */
  save: () => Promise<boolean>;
}

interface Draft {
  definition: SyncDefinition;
  json: string;
}

/** A pause after which typing in the same field is another step. */
const PAUSE_MS = 1500;

/** Versions saved from here that may still come back as news. */
const OWN = 8;

const runsByItself = (definition: SyncDefinition) => definition.schedule?.paused === false;

/**
 * The editor's state: one history for form and text. The form writes the text; a text that reads as a definition fills the form.
 * Changes are saved by themselves a moment after the last one, with problems too; a definition with problems can't be run. What
 * runs by a schedule is saved only when told to, so that nothing half done runs; what is not saved is kept for the next time.
 */
export function useEditor(stored: SyncDefinition, onRenamed: (name: string) => void): Editor {
  const [initial] = useState(stored);
  const [history, setHistory] = useState<Undoable<Draft>>(() =>
    undoable({ definition: initial, json: toJson(initial) }),
  );
  const { definition, json } = history.present;
  const [asked, setAsked] = useState(json);
  const [saved, setSaved] = useState({ json, name: initial.name, live: runsByItself(initial) });
  const [saving, setSaving] = useState(false);
  const [saveError, setSaveError] = useState<ApiError | null>(null);
  const [unreadable, setUnreadable] = useState(false);
  const own = useRef<readonly SyncDefinition[]>([]);
  const burst = useRef({ at: 0, number: 0 });

  useEffect(() => {
    const timer = setTimeout(() => setAsked(json), 250);
    return () => clearTimeout(timer);
  }, [json]);
  const check = useRead("definitions.check", { json: asked, saved_as: saved.name }, { keep: true });

  // A text typed by hand becomes the definition when its shape is right.
  const checked = check.data;
  useEffect(() => {
    if (!unreadable || asked !== json || check.isFetching || !checked?.definition) return;
    const read = checked.definition;
    setHistory((old) =>
      old.present.json === asked ? { ...old, present: { definition: read, json: asked } } : old,
    );
    setUnreadable(false);
  }, [unreadable, asked, json, checked, check.isFetching]);

  const stepKey = useCallback((key: string | undefined) => {
    const now = performance.now();
    if (now - burst.current.at > PAUSE_MS) burst.current.number += 1;
    burst.current.at = now;
    return key === undefined ? null : `${key}#${burst.current.number}`;
  }, []);
  const edit = useCallback(
    (make: (definition: SyncDefinition) => SyncDefinition, key?: string) => {
      const step = stepKey(key);
      setHistory((old) => {
        const next = make(old.present.definition);
        if (next === old.present.definition) return old;
        return changeTo(old, { definition: next, json: toJson(next) }, step);
      });
      setUnreadable(false);
    },
    [stepKey],
  );
  const editJson = useCallback(
    (text: string) => {
      const step = stepKey("json");
      setHistory((old) => changeTo(old, { definition: old.present.definition, json: text }, step));
      setUnreadable(true);
    },
    [stepKey],
  );
  // A step back may lead to a text that was no definition.
  const step = useCallback((move: (state: Undoable<Draft>) => Undoable<Draft>) => {
    setHistory(move);
    setUnreadable(true);
  }, []);

  const latest = useRef({ json, saved, onRenamed, definition });
  latest.current = { json, saved, onRenamed, definition };
  const save = useCallback(async (): Promise<boolean> => {
    const { json: text, saved: before, definition: written } = latest.current;
    setSaving(true);
    own.current = [...own.current.slice(1 - OWN), written];
    try {
      const view = await change("definitions.save", { previous_name: before.name, json: text });
      setSaved({ json: text, name: view.name, live: runsByItself(written) });
      setSaveError(null);
      if (view.name !== before.name) latest.current.onRenamed(view.name);
      return true;
    } catch (fault) {
      setSaveError(toApiError(fault));
      return false;
    } finally {
      setSaving(false);
    }
  }, []);

  const dirty = json !== saved.json;
  const live = saved.live || runsByItself(definition);
  const follow = useCallback((theirs: SyncDefinition) => {
    const text = toJson(theirs);
    setHistory((old) => changeTo(old, { definition: theirs, json: text }));
    setSaved((old) => ({ ...old, json: text, live: runsByItself(theirs) }));
    setUnreadable(false);
  }, []);
  const [other, answered] = useElsewhere(stored, { definition, dirty }, own, follow);
  const bySelf = dirty && !unreadable && !live && other === null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of the text begins the wait anew
  useEffect(() => {
    if (!bySelf) return;
    const timer = setTimeout(() => void save(), 900);
    return () => clearTimeout(timer);
  }, [bySelf, save, json]);
  // Leaving saves what saves itself; the rest is kept as a draft.
  const leaving = useRef(bySelf);
  leaving.current = bySelf;
  useEffect(
    () => () => {
      if (leaving.current) void save();
    },
    [save],
  );
  const recovered = useDraft(saved.name, { json, dirty, held: dirty && !bySelf }, editJson);

  return {
    definition,
    json,
    savedJson: saved.json,
    savedName: saved.name,
    unreadable,
    edit,
    editJson,
    undo: () => step(undo),
    redo: () => step(redo),
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    check: checked,
    checkError: check.error,
    problems: checked?.problems ?? [],
    warnings: checked?.warnings ?? [],
    saveState: saving ? "saving" : !dirty ? "saved" : saveError ? "failed" : !bySelf ? "unsaved" : "waiting",
    saveError,
    live,
    recovered: recovered && dirty,
    revert: () => editJson(latest.current.saved.json),
    elsewhere: other !== null,
    settle: (which) => {
      if (which === "theirs" && other) follow(other);
      answered();
    },
    save,
  };
}
