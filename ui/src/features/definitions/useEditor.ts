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
import { toJson, withNeededColumns } from "./model";

export interface Editor {
  definition: SyncDefinition;
  /** The text as it is written now; it may be no definition at the moment. */
  json: string;
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
  saveState: "saved" | "waiting" | "saving" | "failed";
  saveError: ApiError | null;
  /** Saves now; true when it worked. */
  save: () => Promise<boolean>;
}

interface Draft {
  definition: SyncDefinition;
  json: string;
}

/**
 * The editor's state: one history for form and text. The form writes the text; a text that reads as a definition fills the form.
 * Changes are saved by themselves a moment after the last one, with problems too; a definition with problems can't be run.
 */
export function useEditor(initial: SyncDefinition, onRenamed: (name: string) => void): Editor {
  const [history, setHistory] = useState<Undoable<Draft>>(() =>
    undoable({ definition: initial, json: toJson(initial) }),
  );
  const { definition, json } = history.present;
  const [asked, setAsked] = useState(json);
  const [savedJson, setSavedJson] = useState(json);
  const [savedName, setSavedName] = useState(initial.name);
  const [saving, setSaving] = useState(false);
  const [saveError, setSaveError] = useState<ApiError | null>(null);
  const [badText, setBadText] = useState(false);

  useEffect(() => {
    const timer = setTimeout(() => setAsked(json), 250);
    return () => clearTimeout(timer);
  }, [json]);
  const check = useRead("definitions.check", { json: asked }, { keep: true });

  // A text typed by hand becomes the definition when its shape is right.
  const checked = check.data;
  useEffect(() => {
    if (!badText || asked !== json || check.isFetching || !checked?.definition) return;
    const read = checked.definition;
    setHistory((old) =>
      old.present.json === asked ? { ...old, present: { definition: read, json: asked } } : old,
    );
    setBadText(false);
  }, [badText, asked, json, checked, check.isFetching]);

  const edit = useCallback((make: (definition: SyncDefinition) => SyncDefinition, key?: string) => {
    setHistory((old) => {
      const next = withNeededColumns(make(old.present.definition));
      return changeTo(old, { definition: next, json: toJson(next) }, key ?? null);
    });
    setBadText(false);
  }, []);
  const editJson = useCallback((text: string) => {
    setHistory((old) => changeTo(old, { definition: old.present.definition, json: text }, "json"));
    setBadText(true);
  }, []);

  const latest = useRef({ json, savedName, onRenamed, definition });
  latest.current = { json, savedName, onRenamed, definition };
  const save = useCallback(async (): Promise<boolean> => {
    const { json: text, savedName: previous } = latest.current;
    setSaving(true);
    try {
      const saved = await change("definitions.save", { previous_name: previous, json: text });
      setSavedJson(text);
      setSaveError(null);
      if (saved.name !== previous) {
        setSavedName(saved.name);
        latest.current.onRenamed(saved.name);
      }
      return true;
    } catch (fault) {
      setSaveError(toApiError(fault));
      return false;
    } finally {
      setSaving(false);
    }
  }, []);

  const dirty = json !== savedJson;
  const readable = !badText;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of the text begins the wait anew
  useEffect(() => {
    if (!dirty || !readable) return;
    const timer = setTimeout(() => void save(), 900);
    return () => clearTimeout(timer);
  }, [dirty, readable, save, json]);
  // Leaving saves what was not saved yet.
  const leaving = useRef({ dirty, readable });
  leaving.current = { dirty, readable };
  useEffect(
    () => () => {
      if (leaving.current.dirty && leaving.current.readable) void save();
    },
    [save],
  );

  return {
    definition,
    json,
    edit,
    editJson,
    undo: () => setHistory(undo),
    redo: () => setHistory(redo),
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    check: checked,
    checkError: check.error,
    problems: checked?.problems ?? [],
    warnings: checked?.warnings ?? [],
    saveState: saveError && dirty ? "failed" : saving ? "saving" : dirty ? "waiting" : "saved",
    saveError,
    save,
  };
}
