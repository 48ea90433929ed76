/**
 * JSON laid out for reading without being read: every number, text and escape stays letter for letter, so that what is
 * shown as sent is what is sent. A text that is no JSON object or list is given back as it is.
 */
export function prettyJson(text: string): string {
  const trimmed = text.trim();
  if (!/^[[{]/.test(trimmed)) return text;
  let out = "";
  let depth = 0;
  for (let at = 0; at < trimmed.length; at++) {
    const letter = trimmed[at] ?? "";
    if (letter === '"') {
      const end = textEnd(trimmed, at);
      out += trimmed.slice(at, end);
      at = end - 1;
    } else if (letter === "{" || letter === "[") {
      const close = skipSpace(trimmed, at + 1);
      if (trimmed[close] === "}" || trimmed[close] === "]") {
        out += letter + trimmed[close];
        at = close;
      } else {
        depth += 1;
        out += `${letter}\n${"  ".repeat(depth)}`;
      }
    } else if (letter === "}" || letter === "]") {
      depth = Math.max(0, depth - 1);
      out += `\n${"  ".repeat(depth)}${letter}`;
    } else if (letter === ",") {
      out += `,\n${"  ".repeat(depth)}`;
    } else if (letter === ":") {
      out += ": ";
    } else if (!/\s/.test(letter)) {
      out += letter;
    }
  }
  return out;
}

function skipSpace(text: string, at: number): number {
  let place = at;
  while (/\s/.test(text[place] ?? "")) place += 1;
  return place;
}

/** The place after the closing quote of the text that begins at `at`. */
function textEnd(text: string, at: number): number {
  for (let place = at + 1; place < text.length; place++) {
    if (text[place] === "\\") place += 1;
    else if (text[place] === '"') return place + 1;
  }
  return text.length;
}

/** What a request is for, without its method where that begins it: a statement of SQL does. */
export function afterMethod({ method, path }: { method: string; path: string }): string {
  return path.startsWith(`${method} `) ? path.slice(method.length + 1) : path;
}
