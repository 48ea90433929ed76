import {
  Button,
  Checkbox,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from "@fluentui/react-components";
import { useEffect, useState } from "react";
import {
  type ApiError,
  type Column,
  type ColumnType,
  call,
  type FieldMapping,
  type SyncDefinition,
  toApiError,
} from "@/api";
import { Empty, Fault, Skeleton } from "@/design";
import { count, counted } from "@/lib/numbers";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { withColumns } from "./fixes";
import { optionWords } from "./valueWords";

/** So many columns are named once more; of more only the number is told. */
const NAMED = 5;

/** Which columns of the pairs are not read yet. */
export function unreadWords(unread: readonly string[], pairs: number): string {
  const named = unread.length <= NAMED && unread.length < pairs ? `: ${unread.join(", ")}` : "";
  return unread.length === 1
    ? `One of these columns is not read yet and will be chosen, too${named}.`
    : `${count(unread.length)} of these columns are not read yet and will be chosen, too${named}.`;
}

const LOOKUPS: readonly ColumnType[] = ["lookup", "customer", "owner"];

/** Targets that would take the id of a record of another connection, where it usually means nothing: an owner, a currency. */
export function foreignLookups(
  pairs: readonly FieldMapping[],
  targets: readonly Column[],
  { source, destination }: SyncDefinition,
): readonly string[] {
  if (source.connection === destination.connection) return [];
  const lookups = new Set(
    targets.filter(({ type }) => LOOKUPS.includes(type)).map(({ logical_name }) => logical_name),
  );
  return pairs.filter(({ to }) => lookups.has(to)).map(({ to }) => to);
}

/** What is called alike at both sides; each pair can be unticked before it is taken over. */
export function MatchDialog({ onClose }: { onClose: () => void }) {
  const { editor, columns, destination } = useParts();
  const { definition, edit } = editor;
  const [pairs, setPairs] = useState<readonly FieldMapping[] | null>(null);
  /** What a person ticked or unticked, by target. */
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [fault, setFault] = useState<ApiError | null>(null);
  // Asked once, for the definition as it was when the dialog opened.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a later text is not asked about
  useEffect(() => {
    const taken = new Set([
      ...definition.fields.map(({ to }) => to),
      ...definition.fixed.map(({ to }) => to),
      ...definition.identifiers.map(({ to }) => to),
    ]);
    call("definitions.match", { json: editor.json })
      .then(({ fields }) => setPairs(fields.filter(({ to }) => !taken.has(to))))
      .catch((error: unknown) => setFault(toApiError(error)));
  }, []);
  const foreign = new Set(foreignLookups(pairs ?? [], destination?.schema.columns ?? [], definition));
  const isTicked = (to: string) => chosen.get(to) ?? !foreign.has(to);
  const ticked = (pairs ?? []).filter(({ to }) => isTicked(to));
  const unread = new Set(
    ticked.map(({ from }) => from ?? "").filter((name) => name && !definition.source.columns.includes(name)),
  );
  const all = pairs !== null && ticked.length === pairs.length;
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface aria-label="Match by name" style={{ maxWidth: 720 }}>
        <DialogBody>
          <DialogTitle>Match by name</DialogTitle>
          <DialogContent>
            {fault ? <Fault fault={fault} /> : null}
            {!pairs && !fault ? <Skeleton rows={6} label="Matching names" /> : null}
            {pairs?.length === 0 ? (
              <Empty title="Nothing more is called alike">
                What matches by name is mapped already, or the two sides name things differently. Add fields
                by hand.
              </Empty>
            ) : null}
            {pairs && pairs.length > 0 ? (
              <>
                <Checkbox
                  label={`${counted(ticked.length, "pair")} of ${pairs.length}`}
                  checked={all ? true : ticked.length === 0 ? false : "mixed"}
                  onChange={() => setChosen(new Map(pairs.map(({ to }) => [to, !all])))}
                />
                <ul className={styles.pairs} aria-label="Pairs that match">
                  {pairs.map((pair) => {
                    const column = columns.find(({ logical_name }) => logical_name === pair.from);
                    const target = destination?.schema.columns.find(
                      ({ logical_name }) => logical_name === pair.to,
                    );
                    const options = optionWords(pair);
                    return (
                      <li key={pair.to}>
                        <Checkbox
                          checked={isTicked(pair.to)}
                          onChange={(_, { checked }) =>
                            setChosen((old) => new Map(old).set(pair.to, checked === true))
                          }
                          label={
                            <>
                              <b>{pair.to}</b> <span className={styles.muted}>{target?.type ?? ""}</span>
                              {" ← "}
                              {column?.display_name || pair.from}{" "}
                              <code className={styles.muted}>{pair.from}</code>{" "}
                              <span className={styles.muted}>{column?.type ?? ""}</span>
                              {options.length > 0 ? <i> {options.join(", ")}</i> : null}
                            </>
                          }
                        />
                      </li>
                    );
                  })}
                </ul>
                {foreign.size > 0 ? (
                  <p className={styles.muted}>
                    Lookups are not ticked at first: another connection has other ids. A mapped lookup can be
                    found by name.
                  </p>
                ) : null}
                {unread.size > 0 ? (
                  <p className={styles.muted}>{unreadWords([...unread], ticked.length)}</p>
                ) : null}
              </>
            ) : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              appearance="primary"
              disabled={ticked.length === 0}
              onClick={() => {
                edit((old) => ({ ...withColumns(old, [...unread]), fields: [...old.fields, ...ticked] }));
                onClose();
              }}
            >
              Map {counted(ticked.length, "field")}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
