import { Checkbox, Dropdown, Field, Option } from "@fluentui/react-components";
import { isBrowsable, type SyncDefinition } from "@/api";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { Choose } from "./optionFields";
import { Problems } from "./parts";
import { problemsAt } from "./problems";

type Direction = NonNullable<SyncDefinition["fields"][number]["direction"]>;

/** Changes of the destination come back. */
export function isTwoWay(definition: SyncDefinition): boolean {
  return (
    definition.conflict !== undefined ||
    definition.two_way !== undefined ||
    definition.fields.some(({ direction }) => direction === "from" || direction === "both")
  );
}

const directions: readonly { value: Direction; mark: string; label: string }[] = [
  { value: "both", mark: "⇄", label: "Both ways" },
  { value: "to", mark: "←", label: "To the destination" },
  { value: "from", mark: "→", label: "Back to the source" },
];

/** Which way a field goes. The target stands on the left, so the arrow to the left goes to the destination. */
export function DirectionSelect({
  label,
  value,
  onChange,
}: {
  label: string;
  value: Direction;
  onChange: (value: Direction) => void;
}) {
  const chosen = directions.find((one) => one.value === value) ?? directions[0];
  return (
    <Dropdown
      size="small"
      aria-label={label}
      title={chosen?.label}
      style={{ minWidth: 56, width: 56 }}
      listbox={{ style: { width: 190 } }}
      value={chosen?.mark ?? ""}
      selectedOptions={[value]}
      onOptionSelect={(_, { optionValue }) => {
        const found = directions.find((one) => one.value === optionValue);
        if (found) onChange(found.value);
      }}
    >
      {directions.map((one) => (
        <Option key={one.value} value={one.value} text={one.label}>
          {one.mark} {one.label}
        </Option>
      ))}
    </Dropdown>
  );
}

const conflicts = [
  { value: "ask", label: "Ask: it waits for a decision" },
  { value: "newest", label: "The later change wins" },
  { value: "source", label: "The source wins" },
  { value: "destination", label: "The destination wins" },
] as const;
const deletions = [
  { value: "ignore", label: "Keep the other record, and leave it alone" },
  { value: "deactivate", label: "Make the other record inactive" },
  { value: "delete", label: "Delete the other record" },
] as const;
const places = [
  { value: "both", label: "Make them on the other side" },
  { value: "destination", label: "Make them at the destination only" },
  { value: "source", label: "Make them at the source only" },
  { value: "none", label: "Make none: only pairs are kept the same" },
] as const;

/** Whether changes come back, and the rules for it. */
export function TwoWayRules() {
  const { editor, destinationConnection } = useParts();
  const { definition, edit, problems } = editor;
  const on = isTwoWay(definition);
  if (!on && !(destinationConnection && isBrowsable(destinationConnection))) return null;
  const rules = definition.two_way ?? { create: "both", deleted: "ignore" };
  const change = (part: Partial<typeof rules>) => edit((old) => ({ ...old, two_way: { ...rules, ...part } }));
  return (
    <div data-path="conflict" className={styles.stack}>
      <Checkbox
        checked={on}
        label="Two-way: changes at the destination come back"
        onChange={(_, { checked }) =>
          edit((old) =>
            checked === true
              ? {
                  ...old,
                  conflict: "ask",
                  two_way: { create: "both", deleted: "ignore" },
                  fields: old.fields.map((field) => ({ ...field, direction: field.direction ?? "both" })),
                }
              : {
                  ...old,
                  conflict: undefined,
                  two_way: undefined,
                  fields: old.fields
                    .filter(({ direction }) => direction !== "from")
                    .map((field) => ({ ...field, direction: undefined })),
                },
          )
        }
      />
      {on ? (
        <div className={styles.two}>
          <Choose
            label="Both sides changed the same field"
            hint="By what both held after the last sync; other fields of the record go their own way"
            value={definition.conflict ?? "ask"}
            options={conflicts}
            onChange={(conflict) => edit((old) => ({ ...old, conflict }))}
          />
          <div data-path="two_way.deleted">
            <Choose
              label="A record is deleted on one side"
              hint="Deleted here and changed there is a conflict, by the same rule"
              value={rules.deleted}
              options={deletions}
              onChange={(deleted) => change({ deleted })}
            />
          </div>
          <Choose
            label="New records"
            value={rules.create}
            options={places}
            onChange={(create) => change({ create })}
          />
          <Field label="Matching before the first sync" size="small">
            <Checkbox
              checked={rules.match_case === true}
              label="Upper and lower case differ"
              onChange={(_, { checked }) => change({ match_case: checked === true ? true : undefined })}
            />
          </Field>
        </div>
      ) : null}
      <Problems problems={["conflict", "two_way"].flatMap((path) => problemsAt(problems, path))} />
    </div>
  );
}
