/** The definition as text: where a path's value is, and what the cursor stands in. */

/** Where a path such as `fields[2].from` is in the JSON text: the offsets of its value, else of the nearest parent. */
export function locate(text: string, path: string): { from: number; to: number } | null {
  const parts = path.match(/[^.[\]]+/g) ?? [];
  let from = skipSpace(text, 0);
  for (const part of parts) {
    const inner = enter(text, from, part);
    if (inner === null) break;
    from = inner;
  }
  if (from >= text.length) return null;
  return { from, to: valueEnd(text, from) };
}

function skipSpace(text: string, at: number): number {
  let place = at;
  while (place < text.length && /\s/.test(text[place] ?? "")) place += 1;
  return place;
}

/** The place of a member's or item's value inside the object or list that begins at `at`. */
function enter(text: string, at: number, part: string): number | null {
  const open = text[at];
  if (open !== "{" && open !== "[") return null;
  let place = skipSpace(text, at + 1);
  let index = 0;
  while (place < text.length && text[place] !== "}" && text[place] !== "]") {
    let value = place;
    let matches = open === "[" && String(index) === part;
    if (open === "{") {
      const keyEnd = valueEnd(text, place);
      matches = text.slice(place, keyEnd) === JSON.stringify(part);
      const colon = text.indexOf(":", keyEnd);
      if (colon < 0) return null;
      value = skipSpace(text, colon + 1);
    }
    if (matches) return value;
    const next = skipSpace(text, valueEnd(text, value));
    if (text[next] !== ",") return null;
    place = skipSpace(text, next + 1);
    index += 1;
  }
  return null;
}

function valueEnd(text: string, at: number): number {
  const open = text[at];
  if (open === '"') {
    for (let place = at + 1; place < text.length; place++) {
      if (text[place] === "\\") place += 1;
      else if (text[place] === '"') return place + 1;
    }
    return text.length;
  }
  if (open === "{" || open === "[") {
    let depth = 0;
    for (let place = at; place < text.length; place++) {
      const letter = text[place];
      if (letter === '"') place = valueEnd(text, place) - 1;
      else if (letter === "{" || letter === "[") depth += 1;
      else if (letter === "}" || letter === "]") {
        depth -= 1;
        if (depth === 0) return place + 1;
      }
    }
    return text.length;
  }
  const match = /^[^\s,}\]]*/.exec(text.slice(at));
  return at + Math.max(1, match?.[0].length ?? 1);
}

/** What the cursor stands in: the keys and indexes down to it, and whether a key or a value is being written. */
export interface JsonPlace {
  /** Keys and indexes from the root to the value the cursor is in; for a key, to the object that holds it. */
  path: string[];
  kind: "key" | "value";
  /** Where the word being written begins, its opening quote included. */
  from: number;
  /** Keys the object has already; for a key only. */
  siblings: string[];
}

interface Frame {
  list: boolean;
  index: number;
  key: string | null;
  keys: string[];
  /** A colon was read and no comma since. */
  inValue: boolean;
}

/** Reads the text up to the cursor, so that it answers while the rest is not well formed. */
export function placeAt(text: string, at: number): JsonPlace | null {
  const frames: Frame[] = [];
  let place = 0;
  let word = at;
  let lastString: string | null = null;
  while (place < at) {
    const letter = text[place];
    const top = frames.at(-1);
    word = at;
    if (letter === '"') {
      const end = valueEnd(text, place);
      const closed = end - place > 1 && text[end - 1] === '"';
      if (end >= at && !(closed && end === at)) {
        word = place;
        break;
      }
      lastString = unquoted(text.slice(place, end));
      place = end;
      continue;
    }
    if (letter === "{" || letter === "[")
      frames.push({ list: letter === "[", index: 0, key: null, keys: [], inValue: letter === "[" });
    else if (letter === "}" || letter === "]") frames.pop();
    else if (letter === ":" && top && !top.list) {
      top.key = lastString ?? "";
      top.keys.push(top.key);
      top.inValue = true;
    } else if (letter === "," && top) {
      top.index += 1;
      top.key = null;
      top.inValue = top.list;
    } else if (letter !== undefined && /[\w.+-]/.test(letter)) {
      let end = place;
      while (end < at && /[\w.+-]/.test(text[end] ?? "")) end += 1;
      if (end === at) {
        word = place;
        break;
      }
      place = end;
      continue;
    }
    place += 1;
  }
  const top = frames.at(-1);
  if (!top) return null;
  const path = frames.flatMap((frame, depth) => {
    const last = depth === frames.length - 1;
    if (last && !top.inValue) return [];
    return frame.list ? [String(frame.index)] : frame.key === null ? [] : [frame.key];
  });
  return { path, kind: top.inValue ? "value" : "key", from: word, siblings: top.keys };
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text.slice(1, -1);
  }
}

/** Where a text stops being JSON, with the browser's words for it; null when it is JSON. */
export function syntaxFault(text: string): { from: number; to: number; message: string } | null {
  try {
    JSON.parse(text);
    return null;
  } catch (fault) {
    const words = fault instanceof Error ? fault.message : String(fault);
    const position = /position (\d+)/.exec(words);
    const at = position ? Number(position[1]) : text.trimEnd().length;
    const from = Math.max(0, Math.min(at, text.length - 1));
    return {
      from,
      to: Math.min(text.length, from + 1),
      message: words.replace(/ in JSON at position.*$/, ""),
    };
  }
}
