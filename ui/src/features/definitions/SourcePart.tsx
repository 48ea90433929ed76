import { Checkbox, Dropdown, Field, Input, Option, SpinButton } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import { type Column, type ConnectionView, type FetchMode, isBrowsable, useRead } from "@/api";
import { CodeEditor } from "@/design";
import styles from "./definitions.module.css";
import { ListField } from "./ListField";
import { problemsAt } from "./model";
import { Part, Problems } from "./parts";
import { ColumnSelect } from "./selects";
import type { Editor } from "./useEditor";

const modes: readonly { value: FetchMode; label: string }[] = [
  { value: "new-and-updated", label: "New and updated since the last sync" },
  { value: "updated", label: "Only updated since the last sync (new records are left out)" },
  { value: "all", label: "Always all" },
];

/** What is read: connection, entity, columns, which records. */
export function SourcePart({
  editor,
  connections,
  columns,
}: {
  editor: Editor;
  connections: readonly ConnectionView[];
  columns: readonly Column[];
}) {
  const { definition, edit, problems } = editor;
  const { source } = definition;
  const entities = useRead(
    "entities.list",
    { connection: source.connection },
    { enabled: source.connection !== "" },
  );
  const patch = (part: Partial<typeof source>, key?: string) =>
    edit((old) => ({ ...old, source: { ...old.source, ...part } }), key);
  const chosenEntity = entities.data?.entities.find(({ logical_name }) => logical_name === source.entity);
  const filterOn = source.filter !== undefined;
  return (
    <Part
      number={1}
      title="Source"
      summary={`${source.entity ?? source.list ?? ""} · ${source.columns.length} columns`}
    >
      <div className={styles.two}>
        <Field label="From">
          <Dropdown
            size="small"
            value={source.connection}
            selectedOptions={[source.connection]}
            onOptionSelect={(_, { optionValue }) => patch({ connection: optionValue ?? "" })}
          >
            {connections.filter(isBrowsable).map((connection) => (
              <Option key={connection.id} value={connection.name}>
                {connection.name}
              </Option>
            ))}
          </Dropdown>
        </Field>
        <Field
          label="Entity"
          validationMessage={
            entities.error
              ? `The list of entities can't be read now: ${entities.error.message}`
              : chosenEntity?.missing_privilege
                ? `It can't be read: ask for a security role with ${chosenEntity.missing_privilege}`
                : undefined
          }
          validationState={chosenEntity?.missing_privilege ? "warning" : "none"}
        >
          <Dropdown
            size="small"
            value={chosenEntity?.display_collection_name ?? source.entity ?? ""}
            selectedOptions={source.entity ? [source.entity] : []}
            onOptionSelect={(_, { optionValue }) => patch({ entity: optionValue, list: undefined })}
          >
            {(entities.data?.entities ?? []).map((entity) => (
              <Option
                key={entity.logical_name}
                value={entity.logical_name}
                text={entity.display_collection_name || entity.logical_name}
              >
                {entity.display_collection_name || entity.logical_name}{" "}
                <code className={styles.muted}>{entity.logical_name}</code>
                {entity.missing_privilege ? ` can't be read: ${entity.missing_privilege} is missing` : ""}
              </Option>
            ))}
          </Dropdown>
        </Field>
        <ListField
          connection={source.connection}
          list={source.list}
          onChange={(list) =>
            patch({ list: list?.id ?? undefined, entity: list ? undefined : source.entity })
          }
        />
        <Field
          label="Which records"
          hint={
            source.list ? "All members are read on each run; narrow a large list with a filter" : undefined
          }
        >
          <Dropdown
            size="small"
            disabled={source.list !== undefined}
            value={modes.find(({ value }) => value === source.fetch.mode)?.label ?? ""}
            selectedOptions={[source.fetch.mode]}
            onOptionSelect={(_, { optionValue }) =>
              patch({ fetch: { ...source.fetch, mode: (optionValue ?? "all") as FetchMode } })
            }
          >
            {modes.map(({ value, label }) => (
              <Option key={value} value={value}>
                {label}
              </Option>
            ))}
          </Dropdown>
        </Field>
        <Field
          label="Look back (days)"
          hint={
            source.fetch.days === 0 ? "No look-back" : `Only changed in the last ${source.fetch.days} days`
          }
        >
          <SpinButton
            size="small"
            disabled={source.list !== undefined}
            min={0}
            max={3650}
            value={source.fetch.days}
            onChange={(_, data) =>
              patch(
                {
                  fetch: {
                    ...source.fetch,
                    days: Math.max(0, Math.round(data.value ?? Number(data.displayValue ?? 0)) || 0),
                  },
                },
                "days",
              )
            }
          />
        </Field>
      </div>
      <div>
        <div className={styles.lineRow}>
          <span className={styles.muted}>Columns read; what is not here can't be mapped.</span>
          <ColumnSelect
            label="Add a column"
            columns={columns.filter((column) => !source.columns.includes(column.logical_name))}
            value=""
            onChange={(name) => patch({ columns: [...source.columns, name] })}
          />
        </div>
        <div className={styles.columnChips} style={{ marginTop: 6 }}>
          {source.columns.map((name) => (
            <span
              key={name}
              className={styles.columnChip}
              title={columns.find((column) => column.logical_name === name)?.display_name}
            >
              {name}
              <button
                type="button"
                aria-label={`Do not read ${name}`}
                onClick={() => patch({ columns: source.columns.filter((other) => other !== name) })}
              >
                <DismissRegular />
              </button>
            </span>
          ))}
        </div>
      </div>
      <Checkbox
        checked={filterOn}
        label="Only records that pass a filter (FetchXML)"
        onChange={(_, { checked }) =>
          patch({
            filter: checked ? '<condition attribute="statecode" operator="eq" value="0" />' : undefined,
          })
        }
      />
      {filterOn ? (
        <CodeEditor
          label="FetchXML filter of the source"
          language="xml"
          height="96px"
          lines={false}
          value={source.filter ?? ""}
          onChange={(text) => patch({ filter: text }, "filter")}
          problems={problemsAt(problems, "source.filter").map(({ message }) => ({
            severity: "error" as const,
            message,
          }))}
        />
      ) : null}
      <details>
        <summary className={styles.muted}>Page size, timeout, retries</summary>
        <div className={styles.two} style={{ marginTop: 8 }}>
          <Field label="Records a page (1–5000)">
            <Input
              size="small"
              type="number"
              value={String(source.page_size)}
              onChange={(_, { value }) => patch({ page_size: Number(value) }, "page_size")}
            />
          </Field>
          <Field label="Timeout (s, at most 300)">
            <Input
              size="small"
              type="number"
              value={String(source.timeout_ms / 1000)}
              onChange={(_, { value }) => patch({ timeout_ms: Math.round(Number(value) * 1000) }, "timeout")}
            />
          </Field>
          <Field label="Retries (at most 10)">
            <Input
              size="small"
              type="number"
              value={String(source.retries)}
              onChange={(_, { value }) => patch({ retries: Number(value) }, "retries")}
            />
          </Field>
        </div>
      </details>
      <Problems problems={problemsAt(problems, "source")} />
    </Part>
  );
}
