import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import {
  ArrowRedoRegular,
  ArrowUndoRegular,
  MoreHorizontalRegular,
  PlayRegular,
} from "@fluentui/react-icons";
import { type KeyboardEvent, useState } from "react";
import {
  type ApiError,
  type ConnectionView,
  change,
  type DefinitionView,
  toApiError,
  useJob,
  useRead,
} from "@/api";
import { Confirm, Fault, Page, Segmented, Split, useCopy } from "@/design";
import { compact, counted } from "@/lib/numbers";
import { DestinationPart } from "./DestinationPart";
import styles from "./definitions.module.css";
import { EventsPart } from "./EventsPart";
import { NameField, ProblemList, SaveState, Status } from "./editorHead";
import { JsonSide } from "./JsonSide";
import { useList } from "./ListField";
import { FieldsPart, FixedPart, IdentifyPart, OptionsPart, PhonePart } from "./MappingParts";
import { SamplePanel } from "./SamplePanel";
import { SourcePart } from "./SourcePart";
import { useEditor } from "./useEditor";

/** The editor of one definition: parts on the left; ten records or the JSON on the right. */
export function DefinitionEditor({
  view,
  connections,
  onRenamed,
  onDeleted,
  onPlan,
}: {
  view: DefinitionView;
  connections: readonly ConnectionView[];
  onRenamed: (name: string) => void;
  onDeleted: () => void;
  /** A preview began; resolves when it ended. */
  onPlan: (job: string) => Promise<void>;
}) {
  const editor = useEditor(view.definition, onRenamed);
  const { definition, problems, warnings } = editor;
  const [side, setSide] = useState<"sample" | "json">("sample");
  const [error, setError] = useState<ApiError | null>(null);
  const [deleting, setDeleting] = useState(false);
  const [job, setJob] = useState<string | null>(null);
  const running = useJob(job);
  const [copied, copy] = useCopy();
  const list = useList(definition.source.connection, definition.source.list);
  const read = definition.source.entity ?? list?.entity ?? "";
  const source = useRead(
    "entities.describe",
    { connection: definition.source.connection, entity: read },
    { enabled: read !== "" },
  );
  const destination = useRead(
    "definitions.destination",
    { connection: definition.destination.connection, entity: definition.destination.entity },
    { enabled: definition.destination.connection !== "" && definition.destination.entity !== "" },
  );
  const columns = source.data?.schema.columns ?? [];
  const mapping = { editor, columns, destination: destination.data };
  const target = connections.find(({ name }) => name === definition.destination.connection);

  async function preview() {
    setError(null);
    if (!(await editor.save())) return;
    try {
      const started = await change("plans.start", { json: editor.json });
      setJob(started.job);
      await onPlan(started.job);
    } catch (fault) {
      setError(toApiError(fault));
    } finally {
      setJob(null);
    }
  }

  function exportFile() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([editor.json], { type: "application/json" }));
    link.download = `${definition.name.replaceAll(/[^\p{L}\p{N}\-_. ]/gu, "_")}.sync.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  function onKeyDown(event: KeyboardEvent) {
    if (!(event.ctrlKey || event.metaKey)) return;
    const inText = event.target instanceof HTMLElement && event.target.closest("input, textarea, .cm-editor");
    const key = event.key.toLowerCase();
    if (key === "s") void editor.save();
    else if (key === "enter") void preview();
    else if (key === "z" && !inText) event.shiftKey ? editor.redo() : editor.undo();
    else if (key === "y" && !inText) editor.redo();
    else return;
    event.preventDefault();
  }

  const busy = job !== null;
  return (
    <div role="group" aria-label="Definition" style={{ height: "100%" }} onKeyDown={onKeyDown}>
      <Page
        title={<NameField key={definition.name} editor={editor} />}
        sub={<SaveState editor={editor} />}
        actions={
          <>
            <Status editor={editor} />
            <Button
              size="small"
              appearance="subtle"
              icon={<ArrowUndoRegular />}
              aria-label="Undo"
              title="Undo (Ctrl+Z)"
              disabled={!editor.canUndo}
              onClick={editor.undo}
            />
            <Button
              size="small"
              appearance="subtle"
              icon={<ArrowRedoRegular />}
              aria-label="Redo"
              title="Redo (Ctrl+Y)"
              disabled={!editor.canRedo}
              onClick={editor.redo}
            />
            <Menu>
              <MenuTrigger disableButtonEnhancement>
                <Button
                  size="small"
                  appearance="subtle"
                  icon={<MoreHorizontalRegular />}
                  aria-label="More for this definition"
                />
              </MenuTrigger>
              <MenuPopover>
                <MenuList>
                  <MenuItem onClick={exportFile}>Export as a file</MenuItem>
                  <MenuItem onClick={() => copy(editor.json)}>{copied ? "Copied" : "Copy the JSON"}</MenuItem>
                  <MenuItem onClick={() => setDeleting(true)}>Delete…</MenuItem>
                </MenuList>
              </MenuPopover>
            </Menu>
            <Button
              appearance="primary"
              size="small"
              icon={<PlayRegular />}
              disabled={busy || problems.length > 0}
              title="See what would happen to each record (Ctrl+Enter)"
              onClick={() => void preview()}
            >
              {busy ? `Previewing ${running ? compact(running.done) : ""}…` : "Preview"}
            </Button>
          </>
        }
        notices={
          <>
            {error ? (
              <Fault fault={error} onRetry={() => void preview()} onDismiss={() => setError(null)} />
            ) : null}
            {editor.saveError && editor.saveState === "failed" ? (
              <Fault fault={editor.saveError} onRetry={() => void editor.save()} />
            ) : null}
            {editor.checkError ? <Fault fault={editor.checkError} /> : null}
            {source.error ? <Fault fault={source.error} onRetry={() => void source.refetch()} /> : null}
            {destination.error ? (
              <Fault fault={destination.error} onRetry={() => void destination.refetch()} />
            ) : null}
            {problems.length > 0 ? (
              <ProblemList
                title={`${counted(problems.length, "problem")}: it can't be previewed or run yet`}
                items={problems}
              />
            ) : null}
            {problems.length === 0 && warnings.length > 0 ? (
              <ProblemList title="Worth a look" items={warnings} warning />
            ) : null}
          </>
        }
      >
        <Split
          inline
          label="Preview or JSON"
          initial={420}
          side={
            <div className={styles.side}>
              <div className={styles.sideHead}>
                <Segmented
                  label="What is shown beside the editor"
                  value={side}
                  onChange={setSide}
                  options={[
                    { value: "sample", label: "Ten records" },
                    { value: "json", label: "JSON" },
                  ]}
                />
              </div>
              <div className={styles.sideBody}>
                {side === "sample" ? (
                  <SamplePanel
                    json={editor.json}
                    ready={problems.length === 0 && editor.check !== undefined}
                  />
                ) : (
                  <JsonSide editor={editor} />
                )}
              </div>
            </div>
          }
        >
          <div className={styles.parts}>
            <SourcePart editor={editor} connections={connections} columns={columns} />
            <DestinationPart editor={editor} connections={connections} />
            <IdentifyPart {...mapping} />
            <FieldsPart {...mapping} onError={setError} />
            <FixedPart {...mapping} />
            <PhonePart editor={editor} />
            {destination.data?.takes_events || definition.events || target?.system === "insider" ? (
              <EventsPart editor={editor} columns={columns} />
            ) : null}
            <OptionsPart editor={editor} />
          </div>
        </Split>
      </Page>
      <Confirm
        open={deleting}
        danger
        onClose={() => setDeleting(false)}
        title={`Delete “${definition.name}”?`}
        action="Delete"
        toFault={toApiError}
        onConfirm={async () => {
          await change("definitions.delete", { name: view.name });
          onDeleted();
        }}
      >
        The definition is removed from this computer. Its previews and runs stay in the history.
      </Confirm>
    </div>
  );
}
