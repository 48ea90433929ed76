import {
  autocompletion,
  type CompletionSource,
  closeCompletion,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { SQLite, sql } from "@codemirror/lang-sql";
import { xml } from "@codemirror/lang-xml";
import {
  bracketMatching,
  foldGutter,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { Annotation, Compartment, EditorState, type Extension, Prec } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  placeholder as placeholderText,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";

export interface CodeProblem {
  /** Offsets in the text; a problem without them concerns the whole. */
  from?: number;
  to?: number;
  severity: "error" | "warning";
  message: string;
  /** Changes that mend it, the likeliest first. */
  fixes?: readonly { label: string; from: number; to: number; text: string }[];
}

export interface CodeEditorProps {
  label: string;
  language: "json" | "xml" | "sql" | "text";
  value: string;
  onChange?: (value: string) => void;
  problems?: readonly CodeProblem[];
  complete?: CompletionSource;
  /** SQL: tables with their columns, for completion. */
  tables?: Readonly<Record<string, readonly string[]>>;
  /** Ctrl+Enter; the selected text where there is one, else all of it. */
  onRun?: (text: string) => void;
  readOnly?: boolean;
  placeholder?: string;
  height?: string;
  lines?: boolean;
}

const fromOutside = Annotation.define<boolean>();

/** Columns of the tables that the statement names, or of all where it names none yet. */
function columnsOf(tables: Readonly<Record<string, readonly string[]>>): CompletionSource {
  return (context) => {
    const word = context.matchBefore(/[A-Za-z_]\w*$/);
    if (!word && !context.explicit) return null;
    const from = word?.from ?? context.pos;
    if (context.state.sliceDoc(from - 1, from) === ".") return null;
    const text = context.state.doc.toString().toLowerCase();
    const every = Object.keys(tables);
    const named = every.filter((name) => new RegExp(`\\b(from|join)\\s+"?${name}\\b`).test(text));
    const seen = new Map<string, string>();
    for (const table of named.length > 0 ? named : every)
      for (const column of tables[table] ?? []) if (!seen.has(column)) seen.set(column, table);
    return {
      from,
      options: [...seen].map(([label, detail]) => ({ label, detail, type: "property" })),
      validFor: /^\w*$/,
    };
  };
}

function support(language: CodeEditorProps["language"], tables: CodeEditorProps["tables"]): Extension {
  if (language === "json") return json();
  if (language === "xml") return xml();
  if (language === "text") return [];
  const known = tables ?? {};
  const schema = Object.fromEntries(Object.entries(known).map(([name, columns]) => [name, [...columns]]));
  return [
    sql({ dialect: SQLite, schema, upperCaseKeywords: true }),
    SQLite.language.data.of({ autocomplete: columnsOf(known) }),
  ];
}

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.attributeName], color: "var(--colorPaletteBlueForeground2)" },
  { tag: [tags.string, tags.attributeValue], color: "var(--colorPaletteDarkOrangeForeground1)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--colorPaletteGreenForeground1)" },
  { tag: [tags.tagName, tags.keyword], color: "var(--colorPalettePurpleForeground2)" },
  { tag: [tags.comment], color: "var(--colorNeutralForeground3)", fontStyle: "italic" },
  { tag: [tags.angleBracket, tags.punctuation, tags.bracket], color: "var(--colorNeutralForeground3)" },
]);

const look = EditorView.theme({
  "&": {
    height: "100%",
    fontSize: "12.5px",
    color: "var(--colorNeutralForeground1)",
    backgroundColor: "transparent",
  },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--fontFamilyMonospace)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--colorNeutralForeground1)" },
  ".cm-cursor": { borderLeftColor: "var(--colorNeutralForeground1)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--colorNeutralForeground4)", border: "none" },
  ".cm-activeLine": { backgroundColor: "var(--colorSubtleBackgroundHover)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--colorBrandBackground2Pressed) !important",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--colorNeutralBackground1)",
    color: "var(--colorNeutralForeground1)",
    border: "1px solid var(--colorNeutralStroke1)",
    borderRadius: "4px",
  },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--colorBrandBackground)",
    color: "var(--colorNeutralForegroundOnBrand)",
  },
  ".cm-placeholder": { color: "var(--colorNeutralForeground4)" },
});

/** What differs between two texts, without what is the same at both ends; cursor and undo of the rest stay. */
export function smallestChange(before: string, after: string): { from: number; to: number; insert: string } {
  let from = 0;
  const most = Math.min(before.length, after.length);
  while (from < most && before[from] === after[from]) from += 1;
  let tail = 0;
  while (tail < most - from && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  return { from, to: before.length - tail, insert: after.slice(from, after.length - tail) };
}

type Fix = NonNullable<CodeProblem["fixes"]>[number];

function applyFix(editor: EditorView, fix: Fix) {
  const end = editor.state.doc.length;
  editor.dispatch({
    changes: { from: Math.min(fix.from, end), to: Math.min(fix.to, end), insert: fix.text },
    userEvent: "input.fix",
  });
}

/** Ctrl+.: the first fix of the problem at the cursor, else of the first problem that has one. */
function fixAtCursor(editor: EditorView, problems: readonly CodeProblem[]): boolean {
  const at = editor.state.selection.main.head;
  const mendable = problems.filter((problem) => (problem.fixes ?? []).length > 0);
  const here =
    mendable.find((problem) => (problem.from ?? 0) <= at && at <= (problem.to ?? 0)) ?? mendable[0];
  const fix = here?.fixes?.[0];
  if (!fix) return false;
  applyFix(editor, fix);
  return true;
}

export default function CodeEditorInner(props: CodeEditorProps) {
  const {
    label,
    language,
    value,
    onChange,
    problems,
    complete,
    tables,
    onRun,
    readOnly = false,
    placeholder,
    lines = true,
  } = props;
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef({ onChange, complete, onRun, problems });
  latest.current = { onChange, complete, onRun, problems };
  const grammar = useRef(new Compartment());
  const editable = useRef(new Compartment());

  // The editor is made once for a place and language; what changes later is dispatched to it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first value only; later ones are dispatched below
  useEffect(() => {
    if (!place.current) return;
    const editor = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          ...(lines ? [lineNumbers(), foldGutter()] : []),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          highlightActiveLine(),
          EditorView.lineWrapping,
          syntaxHighlighting(colours),
          grammar.current.of(support(language, tables)),
          autocompletion({
            override: complete ? [(context) => latest.current.complete?.(context) ?? null] : null,
          }),
          lintGutter(),
          look,
          ...(placeholder ? [placeholderText(placeholder)] : []),
          keymap.of([
            { key: "Mod-.", run: (editor) => fixAtCursor(editor, latest.current.problems ?? []) },
            ...lintKeymap,
          ]),
          // Tab leaves the editor, as everywhere else; the keyboard is never caught.
          Prec.highest(
            keymap.of([
              {
                key: "Mod-Enter",
                run: (editor) => {
                  if (!latest.current.onRun) return false;
                  closeCompletion(editor);
                  const { from, to } = editor.state.selection.main;
                  latest.current.onRun(editor.state.sliceDoc(from, to).trim() || editor.state.doc.toString());
                  return true;
                },
              },
            ]),
          ),
          keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
          EditorView.contentAttributes.of({ "aria-label": label }),
          editable.current.of([EditorState.readOnly.of(readOnly), EditorView.editable.of(true)]),
          EditorView.updateListener.of((update) => {
            const ours = update.transactions.some((transaction) => transaction.annotation(fromOutside));
            if (update.docChanged && !ours) latest.current.onChange?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, [language, label, lines, placeholder]);

  useEffect(() => {
    view.current?.dispatch({ effects: grammar.current.reconfigure(support(language, tables)) });
  }, [language, tables]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === value) return;
    editor.dispatch({
      changes: smallestChange(editor.state.doc.toString(), value),
      annotations: fromOutside.of(true),
    });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({
      effects: editable.current.reconfigure([
        EditorState.readOnly.of(readOnly),
        EditorView.editable.of(true),
      ]),
    });
  }, [readOnly]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const end = editor.state.doc.length;
    const marks: Diagnostic[] = (problems ?? []).map((problem) => ({
      from: Math.min(problem.from ?? 0, end),
      to: Math.min(problem.to ?? problem.from ?? Math.min(1, end), end),
      severity: problem.severity,
      message: problem.message,
      actions: (problem.fixes ?? []).map((fix) => ({
        name: fix.label,
        apply: (target) => applyFix(target, fix),
      })),
    }));
    editor.dispatch(setDiagnostics(editor.state, marks));
  }, [problems]);

  return <div ref={place} style={{ height: "100%", minHeight: 0 }} dir="ltr" />;
}
