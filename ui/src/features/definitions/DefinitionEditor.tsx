import {
  type FocusEvent,
  type KeyboardEvent,
  useCallback,
  useEffect,
  useEffectEvent,
  useMemo,
  useRef,
  useState,
} from "react";
import {
  type ApiError,
  type ConnectionView,
  change,
  type DefinitionView,
  toApiError,
  useJob,
  useKept,
  useRead,
} from "@/api";
import { Confirm, Page } from "@/design";
import { compact } from "@/lib/numbers";
import { Beside } from "./Beside";
import { CompareDialog } from "./CompareDialog";
import {
  type AtMostType,
  EditorContext,
  type EditorParts,
  type FilterBuilderType,
  type SchedulePickerType,
} from "./context";
import { EditorActions, type Way } from "./EditorActions";
import { EditorNotices, NameField, SaveState } from "./editorHead";
import { duplicateDefinition, exportDefinition } from "./files";
import { Guided } from "./Guided";
import { useList } from "./ListField";
import { isFresh } from "./model";
import { OnePage } from "./OnePage";
import { OneRecord } from "./OneRecord";
import { showPath } from "./reveal";
import type { Side } from "./SidePanel";
import { type SectionId, sectionOf } from "./sections";
import { useEditor } from "./useEditor";

const isWay = (value: unknown): value is Way | null =>
  value === null || value === "guided" || value === "page";
const isSide = (value: unknown): value is Side => value === "sample" || value === "table" || value === "json";

/** The editor of one definition, guided or on one page; ten records or the JSON beside it. */
export function DefinitionEditor({
  view,
  connections,
  FilterBuilder,
  SchedulePicker,
  AtMost,
  onRenamed,
  onDeleted,
  onOpen,
  onPlan,
}: {
  view: DefinitionView;
  connections: readonly ConnectionView[];
  FilterBuilder: FilterBuilderType;
  SchedulePicker: SchedulePickerType;
  AtMost: AtMostType;
  onRenamed: (name: string) => void;
  onDeleted: () => void;
  /** Opens another definition. */
  onOpen: (name: string) => void;
  /** A preview began; resolves when it ended. */
  onPlan: (job: string) => Promise<void>;
}) {
  const editor = useEditor(view.definition, onRenamed);
  const { definition } = editor;
  const [kept, setWay, ready] = useKept<Way | null>("definitions/way", isWay, null);
  const [fresh] = useState(() => isFresh(view.definition));
  // Who never chose is led through a new definition, and sees an old one whole.
  const way = kept ?? (fresh ? "guided" : "page");
  const [side, setSide] = useKept<Side>("definitions/side", isSide, "sample");
  const [step, setStep] = useState<SectionId>("source");
  const [error, setError] = useState<ApiError | null>(null);
  const [dialog, setDialog] = useState<"delete" | "compare" | "one" | null>(null);
  const [job, setJob] = useState<string | null>(null);
  const running = useJob(job);
  const [focused, setFocused] = useState<string | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [wanted, setWanted] = useState<string | null>(null);

  const { connection: from } = definition.source;
  const list = useList(from, definition.source.list);
  const entity = definition.source.entity ?? list?.entity ?? "";
  const source = useRead(
    "entities.describe",
    { connection: from, entity },
    { enabled: from !== "" && entity !== "" },
  );
  const { connection: to, entity: as } = definition.destination;
  const destination = useRead(
    "definitions.destination",
    { connection: to, entity: as },
    { enabled: to !== "" && as !== "" },
  );

  const reveal = useCallback((path: string) => {
    setStep(sectionOf(path));
    setWanted(path);
  }, []);
  useEffect(() => {
    if (wanted === null) return;
    // The part may come into sight only now.
    const soon = requestAnimationFrame(() => {
      if (frame.current) showPath(frame.current, wanted, sectionOf(wanted));
      setWanted(null);
    });
    return () => cancelAnimationFrame(soon);
  }, [wanted]);

  const asked = useRef<string | undefined>(undefined);
  async function preview(one?: string) {
    setError(null);
    asked.current = one;
    // What runs by itself is not saved for a look at it.
    if (!editor.live && !(await editor.save())) return;
    try {
      const started = await change("plans.start", { json: editor.json, source_id: one });
      setJob(started.job);
      await onPlan(started.job);
    } catch (fault) {
      setError(toApiError(fault));
    } finally {
      setJob(null);
    }
  }
  const latest = useRef(preview);
  latest.current = preview;
  const previewOne = useCallback((id: string) => void latest.current(id), []);

  const schema = source.data?.schema;
  const parts = useMemo<EditorParts>(
    () => ({
      editor,
      connections,
      entity,
      schema,
      columns: schema?.columns ?? [],
      destination: destination.data,
      destinationConnection: connections.find(({ name }) => name === to),
      guided: way === "guided",
      FilterBuilder,
      SchedulePicker,
      AtMost,
      onError: setError,
      reveal,
      previewOne,
    }),
    [
      editor,
      connections,
      entity,
      schema,
      destination.data,
      to,
      way,
      FilterBuilder,
      SchedulePicker,
      AtMost,
      reveal,
      previewOne,
    ],
  );

  async function duplicate() {
    setError(null);
    try {
      onOpen(await duplicateDefinition(definition));
    } catch (fault) {
      setError(toApiError(fault));
    }
  }

  function onKeyDown(event: KeyboardEvent | globalThis.KeyboardEvent) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    // The text editor keeps its own steps; a name that is being typed is no change yet.
    const own = event.target instanceof HTMLElement && event.target.closest(".cm-editor, [data-own-undo]");
    const key = event.key.toLowerCase();
    if (key === "s") void editor.save();
    else if (key === "enter") void preview();
    else if (key === "z" && !own) event.shiftKey ? editor.redo() : editor.undo();
    else if (key === "y" && !own) editor.redo();
    else return;
    event.preventDefault();
  }

  // A button that was pressed and can't be pressed again loses the focus: keys then go to what the editor lies in.
  const keys = useEffectEvent((event: globalThis.KeyboardEvent) => {
    const { target } = event;
    if (target instanceof Node && target !== frame.current && target.contains(frame.current))
      onKeyDown(event);
  });
  useEffect(() => {
    const listen = (event: globalThis.KeyboardEvent) => keys(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);

  function onFocus(event: FocusEvent<HTMLElement>) {
    const path = event.target.closest<HTMLElement>("[data-path]")?.dataset.path;
    if (path !== undefined) setFocused(path);
  }

  const busy = job === null ? null : `Previewing${running?.done ? ` ${compact(running.done)}` : ""}…`;
  return (
    <EditorContext value={parts}>
      <div
        role="group"
        aria-label="Definition"
        style={{ height: "100%" }}
        onKeyDown={onKeyDown}
        onFocus={onFocus}
        ref={frame}
      >
        <Page
          title={<NameField key={definition.name} editor={editor} />}
          sub={<SaveState editor={editor} />}
          actions={
            <EditorActions
              way={way}
              onWay={setWay}
              previewing={busy}
              onPreview={() => void preview()}
              onPreviewOne={() => setDialog("one")}
              onExport={() => exportDefinition(definition.name, editor.json)}
              onCompare={() => setDialog("compare")}
              onDuplicate={() => void duplicate()}
              onDelete={() => setDialog("delete")}
            />
          }
          notices={
            <EditorNotices
              error={error}
              onDismiss={() => setError(null)}
              reads={[source, destination]}
              onRetry={() => void preview(asked.current)}
            />
          }
        >
          <Beside side={side} onSide={setSide} focused={focused} wanted={wanted}>
            {!ready ? null : way === "guided" ? (
              <Guided at={step} onAt={setStep} onEnd={() => setWay("page")} />
            ) : (
              <OnePage frame={scroller} />
            )}
          </Beside>
        </Page>
      </div>
      {dialog === "one" ? (
        <OneRecord entity={entity} onClose={() => setDialog(null)} onPreview={previewOne} />
      ) : null}
      {dialog === "compare" ? (
        <CompareDialog mine={{ name: definition.name, definition }} onClose={() => setDialog(null)} />
      ) : null}
      <Confirm
        open={dialog === "delete"}
        danger
        onClose={() => setDialog(null)}
        title={`Delete “${definition.name}”?`}
        action="Delete"
        toFault={toApiError}
        onConfirm={async () => {
          await change("definitions.delete", { name: editor.savedName });
          onDeleted();
        }}
      >
        The definition is removed from this computer. Its previews and runs stay in the history.
      </Confirm>
    </EditorContext>
  );
}
