import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Dropdown,
  Field,
  Input,
  Option,
} from "@fluentui/react-components";
import { type KeyboardEvent, useState } from "react";
import { type ApiError, change, type MarkView, toApiError, useRead } from "@/api";
import { Empty, Fault, Mark, Name, Time } from "@/design";
import { counted } from "@/lib/numbers";
import { fullLocal } from "@/lib/time";
import styles from "./records.module.css";

/** How far the entity was read: seen, set back, forgotten. */
export function Watermark({ connection, entity }: { connection: string; entity: string }) {
  const marks = useRead("marks.list", { connection, entity });
  if (marks.error) return <Fault fault={marks.error} onRetry={() => void marks.refetch()} />;
  if (!marks.data) return null;
  return (
    <section aria-label="Watermark" className={styles.watermarks}>
      {marks.data.length === 0 ? (
        <p className={styles.muted}>No watermark yet: the first pull reads everything.</p>
      ) : (
        marks.data.map((mark) => <OneMark key={mark.id} connection={connection} mark={mark} />)
      )}
    </section>
  );
}

/** How far everything of a connection was read: the pulls into the store, and the syncs. */
export function MarksDialog({ connection, onClose }: { connection: string; onClose: () => void }) {
  const marks = useRead("marks.list", { connection });
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface style={{ maxWidth: 760 }}>
        <DialogBody>
          <DialogTitle>Watermarks of {connection}</DialogTitle>
          <DialogContent>
            <div className={styles.stack}>
              <p className={styles.muted}>
                How far each was read. The next pull of what is new and updated goes on from there; set back,
                it reads again what was modified since.
              </p>
              {marks.error ? <Fault fault={marks.error} onRetry={() => void marks.refetch()} /> : null}
              {marks.data?.length === 0 ? (
                <Empty title="No watermark yet">The first pull of an entity sets one.</Empty>
              ) : null}
              <section aria-label="Watermarks" className={styles.watermarks}>
                {(marks.data ?? []).map((mark) => (
                  <OneMark key={mark.id} connection={connection} mark={mark} named />
                ))}
              </section>
            </div>
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Close</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function OneMark({
  connection,
  mark,
  named = false,
}: {
  connection: string;
  mark: MarkView;
  /** It says whose it is. */
  named?: boolean;
}) {
  const [open, setOpen] = useState(false);
  const [fault, setFault] = useState<ApiError | null>(null);
  async function act(work: () => Promise<unknown>) {
    setFault(null);
    try {
      await work();
      setOpen(false);
    } catch (error) {
      setFault(toApiError(error));
    }
  }
  const selection = [
    mark.columns.length === 0 ? "all columns" : counted(mark.columns.length, "column"),
    mark.filter ? "filtered" : "",
  ];
  return (
    <div className={styles.watermark}>
      <div className={styles.watermarkLine}>
        {named ? (
          <span className={styles.markOf}>
            {mark.definition === null ? null : <span className={styles.muted}>sync </span>}
            <Name text={mark.definition ?? mark.entity ?? ""} strong />
          </span>
        ) : null}
        <span>
          Read until <Time iso={mark.modified_at} form="full" />{" "}
          <span className={styles.muted}>({selection.filter(Boolean).join(", ")})</span>
        </span>
        {mark.tracked ? (
          <Mark tone="success" title="The service tells what changed since, deletions included">
            change tracking
          </Mark>
        ) : (
          <Mark title="Read by modification date; deletions are found when everything is read">
            by modification date
          </Mark>
        )}
        {mark.by_hand ? <Mark tone="warning">set back by hand</Mark> : null}
        <span className={styles.watermarkTools}>
          <Button size="small" type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
            Set back…
          </Button>
          <Button
            size="small"
            type="button"
            appearance="subtle"
            title="The next pull reads everything"
            onClick={() => void act(() => change("marks.forget", { connection, id: mark.id }))}
          >
            Forget
          </Button>
        </span>
      </div>
      {mark.left_out_since ? (
        <p className={styles.muted}>
          Records created since <Time iso={mark.left_out_since} form="full" /> were left out; a pull of new
          and updated ones brings them.
        </p>
      ) : null}
      {open ? (
        <SetBack
          connection={connection}
          mark={mark}
          onSet={(to) => void act(() => change("marks.set_back", { connection, id: mark.id, ...to }))}
        />
      ) : null}
      {fault ? <Fault fault={fault} onDismiss={() => setFault(null)} /> : null}
    </div>
  );
}

/** `2026-01-31T08:00` of the person's own time zone, as a field for date and time wants it. */
function local(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function SetBack({
  connection,
  mark,
  onSet,
}: {
  connection: string;
  mark: MarkView;
  onSet: (to: { modified_at?: string; pull?: string }) => void;
}) {
  const [time, setTime] = useState(mark.modified_at ? local(mark.modified_at) : "");
  const pulls = useRead(
    "pulls.list",
    { connection, entity: mark.entity ?? "" },
    { enabled: mark.entity !== null },
  );
  const left = (pulls.data ?? []).filter((pull) => pull.left_mark && pull.pull !== mark.pull);
  const chosen = Date.parse(time);
  // Enter in the field sets back and does not begin the pull around it.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (!Number.isNaN(chosen)) onSet({ modified_at: new Date(chosen).toISOString() });
  };
  return (
    <div className={styles.setBack}>
      <Field label="To a time" hint="Everything modified since is read again; deletions are not looked for">
        <div className={styles.watermarkLine}>
          <Input
            size="small"
            type="datetime-local"
            value={time}
            max={mark.modified_at ? local(mark.modified_at) : undefined}
            onChange={(_, { value }) => setTime(value)}
            onKeyDown={onKeyDown}
          />
          <Button
            size="small"
            type="button"
            disabled={Number.isNaN(chosen)}
            onClick={() => onSet({ modified_at: new Date(chosen).toISOString() })}
          >
            Set to this time
          </Button>
        </div>
      </Field>
      {left.length > 0 ? (
        <Field label="To where a pull left it" hint="With its change token, while the service still takes it">
          <Dropdown
            size="small"
            placeholder="Choose a pull"
            value=""
            selectedOptions={[]}
            onOptionSelect={(_, { optionValue }) => optionValue && onSet({ pull: optionValue })}
          >
            {left.map((pull) => (
              <Option key={pull.pull} value={pull.pull} text={fullLocal(pull.started_at)}>
                {fullLocal(pull.started_at)} · {counted(pull.read, "record")} read
              </Option>
            ))}
          </Dropdown>
        </Field>
      ) : null}
    </div>
  );
}
