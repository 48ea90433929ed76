/** A record being changed: what was read, what was typed, and what became of it meanwhile. Kept between starts, so nothing typed is lost. */
import { type Column, isRecord } from "@/api";
import type { Raw } from "@/lib/record";
import { emptyInput, type Input, inputOf, lockedBecause, sameInput, toValue } from "./inputs";

export interface Draft {
  /** The version the changes were made on; null while a record is being made. */
  etag: string | null;
  /** Of each changed column what was there. */
  base: Readonly<Record<string, Input>>;
  /** Of each changed column what is wanted. */
  wanted: Readonly<Record<string, Input>>;
}

export const noDraft: Draft = { etag: null, base: {}, wanted: {} };

const kinds = ["text", "flag", "code", "codes", "lookup"];
const isInputs = (value: unknown): value is Record<string, Input> =>
  isRecord(value) &&
  Object.values(value).every((input) => isRecord(input) && kinds.includes(String(input.kind)));

export function isDraft(value: unknown): value is Draft {
  return (
    isRecord(value) &&
    (value.etag === null || typeof value.etag === "string") &&
    isInputs(value.base) &&
    isInputs(value.wanted)
  );
}

export const changedColumns = (draft: Draft): string[] => Object.keys(draft.wanted).sort();

/** What the editor of a column shows. */
export function current(column: Column, raw: Raw | null, draft: Draft): Input {
  const name = column.logical_name;
  return draft.wanted[name] ?? (raw ? inputOf(column, raw) : emptyInput(column));
}

/** Types into a column; what is as it was is no change. */
export function typed(
  draft: Draft,
  column: Column,
  raw: Raw | null,
  etag: string | null,
  input: Input,
): Draft {
  const name = column.logical_name;
  const base = draft.base[name] ?? (raw ? inputOf(column, raw) : emptyInput(column));
  const { [name]: _base, ...otherBase } = draft.base;
  const { [name]: _wanted, ...otherWanted } = draft.wanted;
  if (sameInput(base, input)) return { ...draft, base: otherBase, wanted: otherWanted };
  return {
    etag: draft.etag ?? etag,
    base: { ...otherBase, [name]: base },
    wanted: { ...otherWanted, [name]: input },
  };
}

/** The columns to send with their values, or what is wrong with each that can't be. */
export function outgoing(
  columns: readonly Column[],
  draft: Draft,
): { changes: Record<string, unknown>; wrong: Record<string, string> } {
  const changes: Record<string, unknown> = {};
  const wrong: Record<string, string> = {};
  for (const name of changedColumns(draft)) {
    const column = columns.find(({ logical_name }) => logical_name === name);
    const input = draft.wanted[name];
    if (!column || !input) {
      wrong[name] = "the environment has no such column any more";
      continue;
    }
    const parsed = toValue(column, input);
    if (parsed.ok) changes[name] = parsed.value;
    else wrong[name] = parsed.why;
  }
  return { changes, wrong };
}

/** A column that was changed here and there since the record was read. */
export interface Clash {
  column: Column;
  base: Input;
  theirs: Input;
  mine: Input;
}

/**
 * The changes put on a newer version: those that nobody else touched stay, the others clash, and what is there already is no change
 * any more.
 */
export function rebased(
  columns: readonly Column[],
  draft: Draft,
  raw: Raw,
  etag: string | null,
): { draft: Draft; clashes: Clash[] } {
  const base: Record<string, Input> = {};
  const wanted: Record<string, Input> = {};
  const clashes: Clash[] = [];
  for (const name of changedColumns(draft)) {
    const column = columns.find(({ logical_name }) => logical_name === name);
    const [before, mine] = [draft.base[name], draft.wanted[name]];
    if (!column || !before || !mine) continue;
    const theirs = inputOf(column, raw);
    if (sameInput(theirs, mine)) continue;
    base[name] = theirs;
    wanted[name] = mine;
    if (!sameInput(theirs, before)) clashes.push({ column, base: before, theirs, mine });
  }
  return { draft: { etag, base, wanted }, clashes };
}

/** The way back after an update: what was there before, for the columns that were sent. */
export function undoing(columns: readonly Column[], draft: Draft): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  for (const [name, input] of Object.entries(draft.base)) {
    const column = columns.find(({ logical_name }) => logical_name === name);
    const parsed = column ? toValue({ ...column, required: "none" }, input) : null;
    if (parsed?.ok) changes[name] = parsed.value;
  }
  return changes;
}

/** Columns in the order of an editor: the name, what is needed, then by title; locked ones last. */
export function editorColumns(
  columns: readonly Column[],
  primaryName: string | null,
  creating: boolean,
): Column[] {
  const rank = (column: Column) =>
    (lockedBecause(column, creating) === null ? 0 : 10) +
    (column.logical_name === primaryName ? 0 : needed(column, creating) ? 1 : 2);
  return columns
    .filter((column) => column.readable || column.creatable)
    .sort((a, b) => rank(a) - rank(b) || title(a).localeCompare(title(b)));
}

export const title = (column: Column): string => column.display_name || column.logical_name;
/** A value must be there. A new row needs none where the database puts one in. */
export const needed = (column: Column, creating: boolean): boolean =>
  column.required === "system" ||
  (column.required === "application" && !(creating && column.given !== undefined));
