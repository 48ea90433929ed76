import { isRecord, type LayoutColumn, type QueryLanguage } from "@/api";
import { escapeXml } from "@/lib/filter";

/** What a query tab holds; kept between starts. */
export interface Draft {
  language: QueryLanguage;
  text: string;
  name: string;
  /** The saved query it belongs to. */
  saved: string | null;
  /** Columns in order with widths, from a view; empty: the query's own. */
  columns: LayoutColumn[];
  /** It runs over the cache; absent: at the service. */
  cached?: boolean;
}

export const draftKey = (connection: string, id: string) => `query/${connection}/${id}`;

export function isDraft(value: unknown): value is Draft {
  return (
    isRecord(value) &&
    (value.language === "fetchxml" || value.language === "odata") &&
    typeof value.text === "string" &&
    typeof value.name === "string" &&
    (value.saved === null || typeof value.saved === "string") &&
    Array.isArray(value.columns)
  );
}

/** A FetchXML query over an entity with columns and a filter. */
export function fetchOf(
  entity: string,
  filter = "",
  columns: readonly string[] = [],
  order: readonly { column: string; descending: boolean }[] = [],
): string {
  const inner = [
    ...(columns.length > 0
      ? columns.map((name) => `<attribute name="${escapeXml(name)}" />`)
      : ["<all-attributes />"]),
    ...order.map(
      ({ column, descending }) =>
        `<order attribute="${escapeXml(column)}"${descending ? ' descending="true"' : ""} />`,
    ),
    ...(filter === ""
      ? []
      : [filter.trim().startsWith("<filter") ? filter : `<filter>\n  ${filter}\n</filter>`]),
  ];
  const body = inner.map((line) => `    ${line.replaceAll("\n", "\n    ")}`).join("\n");
  return `<fetch>\n  <entity name="${escapeXml(entity)}">\n${body}\n  </entity>\n</fetch>`;
}

export function newDraft(text: string, language: QueryLanguage = "fetchxml", name = ""): Draft {
  return { language, text, name, saved: null, columns: [] };
}
