/** Rows of a value table, as typed or pasted from a sheet. */

export interface TableRow {
  key: string;
  value: string;
}

export function rowsOf(table: Readonly<Record<string, unknown>>): TableRow[] {
  return Object.entries(table).map(([key, value]) => ({
    key,
    value: typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value),
  }));
}

/** Rows from two columns of a sheet: tabs, else semicolons, else commas; quotes of Excel are taken off. */
export function pastedRows(text: string): TableRow[] {
  const lines = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n").split("\n");
  const separator = text.includes("\t") ? "\t" : text.includes(";") ? ";" : ",";
  return lines.flatMap((line) => {
    if (line.trim() === "") return [];
    const [key = "", value = ""] = cells(line, separator);
    return key.trim() === "" ? [] : [{ key: key.trim(), value: value.trim() }];
  });
}

function cells(line: string, separator: string): string[] {
  const found: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at];
    if (quoted && letter === '"' && line[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (letter === '"' && (quoted || cell.trim() === "")) quoted = !quoted;
    else if (letter === separator && !quoted) {
      found.push(cell);
      cell = "";
    } else cell += letter;
  }
  found.push(cell);
  return found;
}

/** The rows with others put in: a key that is there already gets the new value. */
export function mergedRows(rows: readonly TableRow[], added: readonly TableRow[]): TableRow[] {
  const next = new Map(rows.map((row) => [row.key, row]));
  for (const row of added) next.set(row.key, row);
  return [...next.values()];
}

/** A label as an event's name: lower case letters, digits and underscores. */
export function eventName(label: string): string {
  return label
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
}
