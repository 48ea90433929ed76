import { Dropdown, Field, Option } from "@fluentui/react-components";
import { isBrowsable, isDatabase, useRead } from "@/api";
import { Mark } from "@/design";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { Part, Problems } from "./parts";
import { problemsAt } from "./problems";

/** Where the records go. */
export function DestinationPart() {
  const { editor, connections, destinationConnection: chosen, destination } = useParts();
  const { definition, edit, problems } = editor;
  const entities = useRead(
    "entities.list",
    { connection: definition.destination.connection },
    { enabled: chosen !== undefined && isBrowsable(chosen) },
  );
  const names =
    chosen && isBrowsable(chosen)
      ? (entities.data?.entities ?? []).map(({ logical_name }) => logical_name)
      : chosen?.system === "insider"
        ? ["profile"]
        : ["rows"];
  const says = destination
    ? [
        destination.reads_back
          ? "It can be read back: the preview shows old against new"
          : "It can't be read back: the preview compares with what was last sent",
        destination.takes_events ? "it takes events" : "it takes no events",
      ].join("; ")
    : undefined;
  return (
    <Part id="destination">
      <div className={styles.two} data-path="destination">
        <Field
          label={<>To {chosen?.kind === "production" ? <Mark tone="danger">PRODUCTION</Mark> : null}</>}
          hint={chosen && !chosen.writable ? "Read-only: previews work, runs don't yet" : undefined}
        >
          <Dropdown
            size="small"
            value={definition.destination.connection}
            selectedOptions={[definition.destination.connection]}
            onOptionSelect={(_, { optionValue }) => {
              const next = connections.find(({ name }) => name === optionValue);
              const entity =
                next?.system === "insider"
                  ? "profile"
                  : next?.system === "dataverse"
                    ? (definition.source.entity ?? "")
                    : next && isDatabase(next)
                      ? ""
                      : "rows";
              edit((old) => ({ ...old, destination: { connection: optionValue ?? "", entity } }));
            }}
          >
            {connections.map((connection) => (
              <Option key={connection.id} value={connection.name}>
                {connection.name}
              </Option>
            ))}
          </Dropdown>
        </Field>
        <Field label="As" hint={says}>
          <Dropdown
            size="small"
            value={definition.destination.entity}
            selectedOptions={[definition.destination.entity]}
            onOptionSelect={(_, { optionValue }) =>
              edit((old) => ({ ...old, destination: { ...old.destination, entity: optionValue ?? "" } }))
            }
          >
            {names.map((name) => (
              <Option key={name} value={name}>
                {name}
              </Option>
            ))}
          </Dropdown>
        </Field>
      </div>
      <Problems problems={problemsAt(problems, "destination")} />
    </Part>
  );
}
