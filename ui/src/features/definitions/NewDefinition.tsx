import { Button, Dropdown, Field, Input, Option } from "@fluentui/react-components";
import { type FormEvent, useState } from "react";
import { type ApiError, type ConnectionView, call, change, isBrowsable, toApiError, useRead } from "@/api";
import { Fault, Page } from "@/design";
import styles from "./definitions.module.css";
import { freshDefinition, startColumns, toJson } from "./model";

/** A new definition: where from, where to, and a name. Or a file. */
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
  const others = connections.filter(({ name }) => name !== source);
  const [destination, setDestination] = useState(
    others.find(({ system }) => system === "insider")?.name ?? others[0]?.name ?? "",
  );
  const [name, setName] = useState("");
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const entities = useRead("entities.list", { connection: source }, { enabled: source !== "" });
  const target = connections.find((connection) => connection.name === destination);
  const suggested = `${entities.data?.entities.find(({ logical_name }) => logical_name === entity)?.display_collection_name || entity} to ${destination}`;

  async function make(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const { schema } = await call("entities.describe", { connection: source, entity });
      const to = target?.system === "insider" ? "profile" : target?.system === "dataverse" ? entity : "rows";
      const definition = freshDefinition(
        name.trim() || suggested,
        source,
        entity,
        startColumns(schema.columns, schema.primary_id, schema.primary_name),
        destination,
        to,
      );
      const saved = await change("definitions.save", { json: toJson(definition) });
      onMade(saved.name);
    } catch (fault) {
      setError(toApiError(fault));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Page scroll title="New sync">
      <form className={styles.form} onSubmit={make}>
        <Field label="From">
          <Dropdown
            value={source}
            selectedOptions={[source]}
            onOptionSelect={(_, { optionValue }) => setSource(optionValue ?? "")}
          >
            {sources.map((connection) => (
              <Option key={connection.id} value={connection.name}>
                {connection.name}
              </Option>
            ))}
          </Dropdown>
        </Field>
        <Field
          label="Entity"
          validationState={entities.error ? "warning" : "none"}
          validationMessage={entities.error?.message}
        >
          <Dropdown
            value={
              entities.data?.entities.find(({ logical_name }) => logical_name === entity)
                ?.display_collection_name || entity
            }
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
        <Field label="Name">
          <Input value={name} placeholder={suggested} onChange={(_, { value }) => setName(value)} />
        </Field>
        {error ? <Fault fault={error} /> : null}
        <div className={styles.lineRow}>
          <Button
            type="submit"
            appearance="primary"
            disabled={busy || source === "" || destination === "" || entity === ""}
          >
            Make the definition
          </Button>
          <Button onClick={onCancel}>Cancel</Button>
        </div>
      </form>
    </Page>
  );
}
