import { Dropdown, Field, Option } from "@fluentui/react-components";
import { type ConnectionView, useRead } from "@/api";
import styles from "./definitions.module.css";
import { problemsAt } from "./model";
import { Part, Problems } from "./parts";
import type { Editor } from "./useEditor";

/** Where it goes. */
export function DestinationPart({
  editor,
  connections,
}: {
  editor: Editor;
  connections: readonly ConnectionView[];
}) {
  const { definition, edit, problems } = editor;
  const chosen = connections.find(({ name }) => name === definition.destination.connection);
  const entities = useRead(
    "entities.list",
    { connection: definition.destination.connection },
    { enabled: chosen?.system === "dataverse" },
  );
  const names =
    chosen?.system === "dataverse"
      ? (entities.data?.entities ?? []).map(({ logical_name }) => logical_name)
      : chosen?.system === "insider"
        ? ["profile"]
        : ["rows"];
  return (
    <Part
      number={2}
      title="Destination"
      summary={`${definition.destination.connection} · ${definition.destination.entity}`}
    >
      <div className={styles.two}>
        <Field label="To">
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
        <Field label="As">
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
