import type { CompletionSource } from "@codemirror/autocomplete";
import { useMemo, useRef } from "react";
import { useRead } from "@/api";
import { CodeEditor } from "@/design";
import { useParts } from "./context";
import { keyOffers, type Offer, valueOffers } from "./jsonSchema";
import { locate, placeAt, syntaxFault } from "./jsonText";

/** The definition as text, with each problem where it is, and what may stand at the cursor. */
export function JsonSide() {
  const { editor, connections, columns, destination } = useParts();
  const schema = useRead("definitions.schema", {});
  const known = useRef({ connections, columns, destination, schema: schema.data?.schema });
  known.current = { connections, columns, destination, schema: schema.data?.schema };
  const marks = useMemo(() => {
    const broken = syntaxFault(editor.json);
    if (broken) return [{ ...broken, severity: "error" as const }];
    return [
      ...editor.problems.map((problem) => ({ problem, severity: "error" as const })),
      ...editor.warnings.map((problem) => ({ problem, severity: "warning" as const })),
    ].map(({ problem, severity }) => ({
      ...locate(editor.json, problem.path),
      severity,
      message: problem.hint ? `${problem.message} – ${problem.hint}` : problem.message,
    }));
  }, [editor.json, editor.problems, editor.warnings]);

  const complete: CompletionSource = (context) => {
    const text = context.state.doc.toString();
    const place = placeAt(text, context.pos);
    if (!place) return null;
    const typing = place.from < context.pos;
    if (!typing && !context.explicit) return null;
    const offers =
      place.kind === "key"
        ? keyOffers(known.current.schema ?? {}, place.path, place.siblings)
        : [...namesAt(place.path, known.current), ...valueOffers(known.current.schema ?? {}, place.path)];
    // A word in quotes is replaced with its closing quote.
    const to = text[place.from] === '"' && text[context.pos] === '"' ? context.pos + 1 : context.pos;
    const colon = place.kind === "key" && /^\s*:/.test(text.slice(to));
    return {
      from: place.from,
      to,
      options: offers.map(({ insert, label, detail, info }) => ({
        label: place.kind === "key" ? JSON.stringify(label) : label,
        apply: colon ? JSON.stringify(label) : insert,
        detail,
        type: place.kind === "key" ? "property" : "enum",
        ...(info ? { info } : {}),
      })),
    };
  };
  return (
    <CodeEditor
      label="The definition as JSON"
      language="json"
      value={editor.json}
      onChange={editor.editJson}
      problems={marks}
      complete={complete}
    />
  );
}

/** Names that only this place and these connections know: connections, columns, attributes. */
function namesAt(
  path: readonly string[],
  known: Pick<ReturnType<typeof useParts>, "connections" | "columns" | "destination">,
): Offer[] {
  const named = (name: string, detail: string): Offer => ({
    insert: JSON.stringify(name),
    label: JSON.stringify(name),
    detail,
  });
  const last = path.at(-1);
  if (last === "connection") return known.connections.map(({ name, system }) => named(name, system));
  if (last === "from" || path.at(-2) === "columns")
    return known.columns.map(({ logical_name, display_name }) => named(logical_name, display_name));
  if (last === "to" && path[0] === "identifiers")
    return (known.destination?.identifiers ?? []).map((name) => named(name, "identifier"));
  if (last === "to" && path[0] !== "events")
    return (known.destination?.schema.columns ?? []).map(({ logical_name, display_name }) =>
      named(logical_name, display_name),
    );
  return [];
}
