import { Button, Dropdown, Field, Input, Option, Radio, RadioGroup } from "@fluentui/react-components";
import { type FormEvent, useState } from "react";
import {
  type ApiError,
  type ConnectionView,
  call,
  change,
  isBrowsable,
  isDatabase,
  type SyncDefinition,
  toApiError,
  useRead,
} from "@/api";
import { Fault, Page } from "@/design";
import { counted } from "@/lib/numbers";
import styles from "./definitions.module.css";

import { ListField, useList } from "./ListField";
import listStyles from "./list.module.css";
import { freshDefinition, startColumns, toJson } from "./model";
import { useImport } from "./useImport";

const EMPTY = "";

/** Starters whose records point at accounts and contacts, which must be there first. */
const AFTER_CUSTOMERS = new Set(["opportunity-to-opportunity", "order-to-order"]);

/** A new definition: where from, where to, what to begin from, and a name. Or a file. */
export function NewDefinition({
  connections,
  current,
  entity: firstEntity,
  onMade,
  onCancel,
}: {
  connections: readonly ConnectionView[];
  current: string | null;
  entity?: string;
  onMade: (name: string) => void;
  onCancel: () => void;
}) {
  const sources = connections.filter(isBrowsable);
  const [source, setSource] = useState(
    sources.find(({ name }) => name === current)?.name ?? sources[0]?.name ?? "",
  );
  const [entity, setEntity] = useState(firstEntity ?? "contact");
  const [listId, setListId] = useState<string | undefined>(undefined);
  const list = useList(source, listId);
  const others = connections.filter(({ name }) => name !== source);
  const [destination, setDestination] = useState(
    others.find(({ system }) => system === "insider")?.name ?? others[0]?.name ?? "",
  );
  const [starter, setStarter] = useState(EMPTY);
  const [name, setName] = useState("");
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const entities = useRead("entities.list", { connection: source }, { enabled: source !== "" });
  const starters = useRead(
    "definitions.starters",
    { source, destination },
    { enabled: source !== "" && destination !== "" },
  );
  const target = connections.find((connection) => connection.name === destination);
  const read = list?.entity ?? entity;
  const chosen = starters.data?.find((one) => one.starter === starter);
  const title =
    entities.data?.entities.find(({ logical_name }) => logical_name === entity)?.display_collection_name ||
    entity;
  const suggested = chosen ? chosen.definition.name : `${list ? list.name : title} to ${destination}`;

  async function definition(): Promise<SyncDefinition> {
    const wanted = name.trim() || suggested;
    if (chosen) return { ...chosen.definition, name: wanted };
    const { schema } = await call("entities.describe", { connection: source, entity: read });
    const to =
      target?.system === "insider"
        ? "profile"
        : target?.system === "dataverse"
          ? read
          : target && isDatabase(target)
            ? ""
            : "rows";
    const columns = startColumns(schema.columns, schema.primary_id, schema.primary_name);
    const fresh = freshDefinition(wanted, source, read, columns, destination, to);
    return listId === undefined
      ? fresh
      : { ...fresh, source: { ...fresh.source, entity: undefined, list: listId } };
  }

  async function make(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      onMade((await change("definitions.save", { json: toJson(await definition()) })).name);
    } catch (fault) {
      setError(toApiError(fault));
    } finally {
      setBusy(false);
    }
  }

  const { take, said } = useImport(onMade);

  return (
    <Page
      scroll
      title="New sync"
      sub="Nothing is written before you have seen each change"
      actions={
        <Button size="small" onClick={() => void take()}>
          Take a file instead
        </Button>
      }
    >
      {said}
      <form className={listStyles.form} onSubmit={make}>
        <div className={styles.two}>
          <Field label="From">
            <Dropdown
              value={source}
              selectedOptions={[source]}
              onOptionSelect={(_, { optionValue }) => {
                setSource(optionValue ?? "");
                setListId(undefined);
              }}
            >
              {sources.map((connection) => (
                <Option key={connection.id} value={connection.name}>
                  {connection.name}
                </Option>
              ))}
            </Dropdown>
          </Field>
          <Field
            label="To"
            hint={
              others.length === 0
                ? "Connect a destination first: another environment, Insider One, or a file"
                : undefined
            }
          >
            <Dropdown
              value={destination}
              selectedOptions={[destination]}
              onOptionSelect={(_, { optionValue }) => setDestination(optionValue ?? "")}
            >
              {connections.map((connection) => (
                <Option key={connection.id} value={connection.name}>
                  {connection.name}
                </Option>
              ))}
            </Dropdown>
          </Field>
        </div>
        <Field label="Begin with" validationState="none" validationMessage={starters.error?.message}>
          <RadioGroup value={starter} onChange={(_, { value }) => setStarter(value)}>
            <Radio value={EMPTY} label="An empty definition, step by step" />
            {(starters.data ?? []).map((one) => (
              <Radio
                key={one.starter}
                value={one.starter}
                label={
                  <>
                    {one.definition.name}
                    <span className={styles.muted}>
                      {": "}
                      {one.definition.source.entity} → {one.definition.destination.entity},{" "}
                      {one.definition.fields.length === 0 && one.definition.events
                        ? "an event each"
                        : counted(one.definition.fields.length, "field")}
                      {AFTER_CUSTOMERS.has(one.starter) ? "; run it after accounts and contacts" : ""}
                      {one.left_out.length > 0
                        ? `; without ${one.left_out.join(", ")}: no such column here`
                        : ""}
                    </span>
                  </>
                }
              />
            ))}
          </RadioGroup>
        </Field>
        {chosen ? null : (
          <div className={styles.two}>
            <Field
              label="Entity"
              validationState={entities.error ? "warning" : "none"}
              validationMessage={entities.error?.message}
            >
              <Dropdown
                disabled={listId !== undefined}
                value={list ? list.entity : title}
                selectedOptions={[entity]}
                onOptionSelect={(_, { optionValue }) => setEntity(optionValue ?? "")}
              >
                {(entities.data?.entities ?? []).map(
                  ({ logical_name, display_collection_name, missing_privilege }) => (
                    <Option
                      key={logical_name}
                      value={logical_name}
                      text={display_collection_name || logical_name}
                    >
                      {display_collection_name || logical_name}{" "}
                      <code className={styles.muted}>{logical_name}</code>
                      {missing_privilege ? ` can't be read: ${missing_privilege} is missing` : ""}
                    </Option>
                  ),
                )}
              </Dropdown>
            </Field>
            <ListField
              size="medium"
              connection={source}
              list={listId}
              onChange={(next) => setListId(next?.id)}
            />
          </div>
        )}
        <Field label="Name">
          <Input value={name} placeholder={suggested} onChange={(_, { value }) => setName(value)} />
        </Field>
        {error ? <Fault fault={error} /> : null}
        <div className={styles.lineRow}>
          <Button
            type="submit"
            appearance="primary"
            disabled={busy || source === "" || destination === "" || (read === "" && !chosen)}
          >
            Make the definition
          </Button>
          <Button onClick={onCancel}>Cancel</Button>
        </div>
      </form>
    </Page>
  );
}
