/** What a person types for a column, and the value it becomes. The service's own rules stay the service's: these tell at once what can't be right. */
import type { Column } from "@/api";
import { type Cell, cellOf, type Raw } from "@/lib/record";

/** A row that a lookup points at. */
export interface Target {
  entity: string;
  id: string;
  title: string;
}

/** The state of one editor. An empty text, no code and no target all mean: no value. */
export type Input =
  | { kind: "text"; text: string }
  | { kind: "flag"; flag: boolean | null }
  | { kind: "code"; code: number | null }
  | { kind: "codes"; codes: readonly number[] }
  | { kind: "lookup"; to: Target | null };

export type Editor =
  | "line"
  | "area"
  | "whole"
  | "number"
  | "flag"
  | "code"
  | "codes"
  | "lookup"
  | "date"
  | "moment";

/** The editor of a column; null where it can't be edited here, with `lockedBecause` telling why. */
export function editorOf(column: Column): Editor | null {
  switch (column.type) {
    case "string":
    case "uniqueidentifier":
      return "line";
    case "memo":
      return "area";
    case "integer":
    case "bigint":
      return "whole";
    case "decimal":
    case "double":
    case "money":
      return "number";
    case "boolean":
      return "flag";
    case "picklist":
    case "state":
    case "status":
      return "code";
    case "multiselectpicklist":
      return "codes";
    case "lookup":
    case "customer":
    case "owner":
      return "lookup";
    case "datetime":
      return column.behavior === "dateonly" ? "date" : "moment";
    case "partylist":
    case "image":
    case "file":
    case "other":
      return null;
  }
}

/** Why a column can't be changed; null where it can. */
export function lockedBecause(column: Column, creating: boolean): string | null {
  if (creating ? !column.creatable : !column.updatable)
    return creating ? "set by the service" : "set by the service, or only when a record is made";
  return editorOf(column) === null ? "columns of this type are not edited here" : null;
}

export function emptyInput(column: Column): Input {
  switch (editorOf(column)) {
    case "flag":
      return { kind: "flag", flag: null };
    case "code":
      return { kind: "code", code: null };
    case "codes":
      return { kind: "codes", codes: [] };
    case "lookup":
      return { kind: "lookup", to: null };
    default:
      return { kind: "text", text: "" };
  }
}

/** What the editor shows of a record as it was read. */
export function inputOf(column: Column, raw: Raw): Input {
  const cell: Cell = cellOf(raw, column.logical_name);
  if (cell.state !== "value") return emptyInput(column);
  switch (editorOf(column)) {
    case "flag":
      return { kind: "flag", flag: cell.value === true || cell.value === 1 };
    case "code":
      // A database holds the label itself.
      return {
        kind: "code",
        code:
          typeof cell.value === "number"
            ? cell.value
            : ((column.options ?? []).find(({ label }) => label === cell.value)?.value ?? null),
      };
    case "codes":
      return {
        kind: "codes",
        codes: cell.text
          .split(",")
          .map((code) => Number.parseInt(code, 10))
          .filter((code) => !Number.isNaN(code)),
      };
    case "lookup":
      return {
        kind: "lookup",
        to: cell.lookup
          ? { ...cell.lookup, title: cell.label ?? cell.lookup.id }
          : { entity: column.targets?.[0] ?? "", id: cell.text, title: cell.label ?? cell.text },
      };
    case "moment":
      return { kind: "text", text: momentText(column, cell.text) };
    default:
      return { kind: "text", text: cell.text };
  }
}

const pad = (number: number, width = 2): string => String(number).padStart(width, "0");

/** A point of time as the clock on the wall shows it; without a zone of its own the text is what it is. */
function momentText(column: Column, iso: string): string {
  if (column.behavior !== "userlocal") return asShown(iso.replace(/Z$/, "").slice(0, 19));
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return asShown(
    `${pad(at.getFullYear(), 4)}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`,
  );
}

/** The browser's own form of a date with a time has no seconds where there are none. In another form it would report its own as a change. */
const asShown = (text: string): string => text.replace(/^(.{16}):00$/, "$1");

export type Parsed = { ok: true; value: unknown } | { ok: false; why: string };

const given = (value: unknown): Parsed => ({ ok: true, value });
const wrong = (why: string): Parsed => ({ ok: false, why });

/** The value to send, or what is wrong with what was typed. */
export function toValue(column: Column, input: Input): Parsed {
  const empty = isEmpty(input);
  if (empty && column.required === "system") return wrong("a value is needed");
  if (empty) return given(null);
  switch (input.kind) {
    case "flag":
      return given(input.flag);
    case "code":
      return given(input.code);
    case "codes":
      return given([...input.codes]);
    case "lookup":
      return given(input.to ? { entity: input.to.entity, id: input.to.id } : null);
    case "text":
      return textValue(column, input.text);
  }
}

function textValue(column: Column, text: string): Parsed {
  switch (editorOf(column)) {
    case "whole":
      return /^[+-]?\d+$/.test(text.trim())
        ? given(text.trim().replace(/^\+/, ""))
        : wrong("a whole number, digits only");
    case "number":
      // Sent as a text, so that no digit is lost on the way through binary numbers.
      return /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text.trim())
        ? given(exact(text.trim()))
        : wrong("a number with a point before its decimals");
    case "date":
      return isDate(text) ? given(text) : wrong("a date, as 2026-11-21");
    case "moment":
      return moment(column, text);
    default: {
      const most = column.max_length;
      return most !== undefined && most !== null && text.length > most
        ? wrong(`${text.length} characters; at most ${most} fit`)
        : given(text);
    }
  }
}

/** Digits in JSON's form: no plus, a digit on each side of the point. */
function exact(text: string): string {
  const [whole = "", decimals] = text.replace(/^\+/, "").split(".");
  const front = whole === "" || whole === "-" ? `${whole}0` : whole;
  return decimals === undefined || decimals === "" ? front : `${front}.${decimals}`;
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

function moment(column: Column, text: string): Parsed {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(:\d{2})?(\.\d+)?$/.exec(text);
  if (!match?.[1] || !isDate(match[1])) return wrong("a date with a time");
  const whole = `${match[1]}T${match[2]}${match[3] ?? ":00"}`;
  if (Number.isNaN(Date.parse(`${whole}Z`))) return wrong("a time of day, as 09:30");
  if (column.behavior !== "userlocal") return given(`${whole}Z`);
  const at = new Date(whole);
  return Number.isNaN(at.getTime())
    ? wrong("a date with a time")
    : given(at.toISOString().replace(/\.\d+Z$/, "Z"));
}

export function isEmpty(input: Input): boolean {
  switch (input.kind) {
    case "text":
      return input.text === "";
    case "flag":
      return input.flag === null;
    case "code":
      return input.code === null;
    case "codes":
      return input.codes.length === 0;
    case "lookup":
      return input.to === null;
  }
}

/** Whether two inputs mean the same value. */
export function sameInput(one: Input, other: Input): boolean {
  if (one.kind === "lookup" && other.kind === "lookup")
    return one.to?.id === other.to?.id && one.to?.entity === other.to?.entity;
  if (one.kind === "codes" && other.kind === "codes")
    return one.codes.length === other.codes.length && one.codes.every((code) => other.codes.includes(code));
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What a person reads of an input. */
export function inputText(column: Column, input: Input): string {
  const label = (code: number) => column.options?.find(({ value }) => value === code)?.label ?? String(code);
  if (isEmpty(input)) return "no value";
  switch (input.kind) {
    case "text":
      return input.text;
    case "flag":
      return label(input.flag ? 1 : 0);
    case "code":
      return input.code === null ? "" : label(input.code);
    case "codes":
      return input.codes.map(label).join("; ");
    case "lookup":
      return input.to?.title ?? "";
  }
}
