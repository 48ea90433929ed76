import {
  Button,
  Combobox,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Input,
  Option,
} from "@fluentui/react-components";
import { CopyRegular, DeleteRegular, RenameRegular } from "@fluentui/react-icons";
import { type ReactNode, useState } from "react";
import { type ApiError, change, type SavedQueryView, toApiError, useRead } from "@/api";
import { Empty, Fault, Mark, Name, Section, Segmented, Skeleton, Time, whenChosen } from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import { count } from "@/lib/numbers";
import { type Draft, newDraft } from "./draft";
import styles from "./query.module.css";

type Shelf = "saved" | "history" | "views";

/** Saved queries, what was run lately, and the environment's views; each opens in a tab. */
export function Library({ connection, onOpen }: { connection: string; onOpen: (draft: Draft) => void }) {
  const [shelf, setShelf] = useState<Shelf>("saved");
  return (
    <div className={styles.library}>
      <Segmented<Shelf>
        label="What is listed"
        value={shelf}
        onChange={setShelf}
        options={[
          { value: "saved", label: "Saved" },
          { value: "history", label: "History" },
          { value: "views", label: "Views" },
        ]}
      />
      {shelf === "saved" ? <Saved connection={connection} onOpen={onOpen} /> : null}
      {shelf === "history" ? <History connection={connection} onOpen={onOpen} /> : null}
      {shelf === "views" ? <Views connection={connection} onOpen={onOpen} /> : null}
    </div>
  );
}

function Saved({ connection, onOpen }: { connection: string; onOpen: (draft: Draft) => void }) {
  const saved = useRead("queries.saved", { connection });
  const [fault, setFault] = useState<ApiError | null>(null);
  const [gone, setGone] = useState<SavedQueryView | null>(null);
  const [renaming, setRenaming] = useState<SavedQueryView | null>(null);
  const all = saved.data ?? [];
  const act = (work: Promise<unknown>) => void work.catch((error) => setFault(toApiError(error)));
  function duplicate(query: SavedQueryView) {
    const names = new Set(all.map(({ name }) => name.toLowerCase()));
    let name = `${query.name} copy`;
    for (let number = 2; names.has(name.toLowerCase()); number++) name = `${query.name} copy ${number}`;
    act(change("queries.save", { ...query, id: undefined, name }));
  }
  return (
    <Section title="Saved queries">
      {fault ? <Fault fault={fault} onDismiss={() => setFault(null)} /> : null}
      {saved.error ? <Fault fault={saved.error} onRetry={() => void saved.refetch()} /> : null}
      {gone ? (
        <div className={styles.undo} role="status">
          <span>
            <Name text={gone.name} /> was deleted.
          </span>
          <Button
            size="small"
            onClick={() => {
              act(change("queries.save", gone));
              setGone(null);
            }}
          >
            Undo
          </Button>
        </div>
      ) : null}
      {saved.isPending ? (
        <Skeleton rows={4} label="Loading saved queries" />
      ) : all.length === 0 ? (
        <Empty title="No saved queries">Save one from its tab to find it here again.</Empty>
      ) : (
        <ul className={styles.list}>
          {all.map((query) => (
            <li key={query.id}>
              <button
                type="button"
                className={styles.item}
                onClick={() =>
                  onOpen({
                    language: query.language,
                    text: query.text,
                    name: query.name,
                    saved: query.id ?? null,
                    columns: query.columns,
                  })
                }
              >
                <Name text={query.name} strong />
                <Mark>{query.language === "odata" ? "OData" : "FetchXML"}</Mark>
                <Time iso={query.changed_at} form="ago" />
              </button>
              <Icon
                label={`Rename ${query.name}`}
                icon={<RenameRegular />}
                onClick={() => setRenaming(query)}
              />
              <Icon
                label={`Duplicate ${query.name}`}
                icon={<CopyRegular />}
                onClick={() => duplicate(query)}
              />
              <Icon
                label={`Delete ${query.name}`}
                icon={<DeleteRegular />}
                onClick={() => {
                  act(
                    change("queries.delete", { connection, id: query.id ?? "" }).then(() => setGone(query)),
                  );
                }}
              />
            </li>
          ))}
        </ul>
      )}
      {renaming ? (
        <NameDialog
          title="Rename the query"
          initial={renaming.name}
          onClose={() => setRenaming(null)}
          onSave={async (name) => {
            await change("queries.save", { ...renaming, name });
          }}
        />
      ) : null}
    </Section>
  );
}

function Icon({ label, icon, onClick }: { label: string; icon: ReactNode; onClick: () => void }) {
  return (
    <Button
      size="small"
      appearance="subtle"
      aria-label={label}
      title={label}
      icon={<span className={styles.icon}>{icon}</span>}
      onClick={onClick}
    />
  );
}

/** Asks for a name. */
export function NameDialog({
  title,
  initial,
  onSave,
  onClose,
}: {
  title: string;
  initial: string;
  onSave: (name: string) => Promise<void>;
  onClose: () => void;
}) {
  const [name, setName] = useState(initial);
  const [fault, setFault] = useState<ApiError | null>(null);
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface style={{ maxWidth: 460 }}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void onSave(name.trim()).then(onClose, (error) => setFault(toApiError(error)));
          }}
        >
          <DialogBody>
            <DialogTitle>{title}</DialogTitle>
            <DialogContent>
              <Field label="Name">
                <Input value={name} onChange={(_, { value }) => setName(value)} input={{ dir: "auto" }} />
              </Field>
              {fault ? <Fault fault={fault} onDismiss={() => setFault(null)} /> : null}
            </DialogContent>
            <DialogActions>
              <Button type="button" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" appearance="primary" disabled={name.trim() === ""}>
                Save
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}

function History({ connection, onOpen }: { connection: string; onOpen: (draft: Draft) => void }) {
  const runs = useRead("queries.history", { connection });
  const all = runs.data ?? [];
  return (
    <Section title="The last 100 runs">
      {runs.error ? <Fault fault={runs.error} onRetry={() => void runs.refetch()} /> : null}
      {runs.isPending ? (
        <Skeleton rows={4} label="Loading the history" />
      ) : all.length === 0 ? (
        <Empty title="Nothing was run yet" />
      ) : (
        <ul className={styles.list}>
          {all.map((run) => (
            <li key={run.number}>
              <button
                type="button"
                className={styles.item}
                title={run.text}
                onClick={() => onOpen(newDraft(run.text, run.language))}
              >
                <code className={styles.snippet}>{run.text.replaceAll(/\s+/g, " ")}</code>
                <span className={styles.muted}>
                  {run.error ? (
                    <Mark tone="danger" title={run.error}>
                      failed
                    </Mark>
                  ) : (
                    `${count(run.rows)}${run.whole ? "" : "+"} rows`
                  )}{" "}
                  · {(run.millis / 1000).toFixed(2)} s · <Time iso={run.at} form="ago" />
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Views({ connection, onOpen }: { connection: string; onOpen: (draft: Draft) => void }) {
  const [entity, setEntity] = useState("contact");
  const [typed, setTyped] = useState<string | null>(null);
  const entities = useRead("entities.list", { connection });
  const views = useRead("queries.views", { connection, entity });
  const chosen = entities.data?.entities.find(({ logical_name }) => logical_name === entity);
  const offered = fuzzyFilter(
    typed ?? "",
    entities.data?.entities ?? [],
    (candidate) => `${candidate.display_name} ${candidate.logical_name}`,
  ).slice(0, 60);
  return (
    <Section title="Views of the environment">
      <Field label="Entity">
        <Combobox
          size="small"
          value={typed ?? (chosen?.display_name || entity)}
          selectedOptions={[entity]}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onOpenChange={(_, { open }) => !open && setTyped(null)}
          onOptionSelect={whenChosen((other) => {
            setTyped(null);
            setEntity(other);
          })}
        >
          {offered.map((candidate) => (
            <Option key={candidate.logical_name} value={candidate.logical_name} text={candidate.display_name}>
              {candidate.display_name} <code className={styles.muted}>{candidate.logical_name}</code>
            </Option>
          ))}
        </Combobox>
      </Field>
      {views.error ? (
        <Fault fault={views.error} onRetry={() => void views.refetch()} />
      ) : views.isPending ? (
        <Skeleton rows={4} label="Loading views" />
      ) : views.data.length === 0 ? (
        <Empty title="No views">The environment has no view of this entity that you may read.</Empty>
      ) : (
        <ul className={styles.list}>
          {views.data.map((view) => (
            <li key={view.id}>
              <button
                type="button"
                className={styles.item}
                onClick={() =>
                  onOpen({ ...newDraft(view.fetchxml, "fetchxml", view.name), columns: view.columns })
                }
              >
                <Name text={view.name} strong />
                {view.default ? <Mark tone="brand">default</Mark> : null}
                {view.personal ? <Mark>mine</Mark> : null}
                <span className={styles.muted}>{count(view.columns.length)} columns</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
