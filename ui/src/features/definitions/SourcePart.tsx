import { Dropdown, Field, Option, SpinButton } from "@fluentui/react-components";
import { type FetchMode, isBrowsable, useRead } from "@/api";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { ListField } from "./ListField";
import { Part, Problems } from "./parts";
import { problemsOf } from "./sections";

const modes: readonly { value: FetchMode; label: string; words: string }[] = [
  {
    value: "new-and-updated",
    label: "New and updated since the last sync",
    words:
      "Without days to look back the first run takes all; later runs only what was made or changed since",
  },
  {
    value: "updated",
    label: "Only updated since the last sync (new records are left out)",
    words: "Records that were made since the last sync are left out",
  },
  { value: "all", label: "Always all", words: "Each run takes every record that passes the filter" },
];

/** Which records are read: connection, entity or marketing list, and which of them. */
export function SourcePart() {
  const { editor, connections } = useParts();
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
  const mode = modes.find(({ value }) => value === source.fetch.mode);
  return (
    <Part id="source">
      <div className={styles.two} data-path="source">
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
            placeholder={source.list === undefined ? "Choose" : "Of the list"}
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
            source.list ? "All members are read on each run; narrow a large list with a filter" : mode?.words
          }
        >
          <Dropdown
            size="small"
            disabled={source.list !== undefined}
            value={mode?.label ?? ""}
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
      <Problems problems={problemsOf(problems, "source")} />
    </Part>
  );
}
