import { Button, Dropdown, Option } from "@fluentui/react-components";
import { AddRegular, DismissRegular } from "@fluentui/react-icons";
import { type Column, type EntitySchema, operatorsFor, operatorWords, useRead } from "@/api";
import { Mark, Name, Segmented } from "@/design";
import type { BuilderContext } from "./Builder";
import styles from "./query.module.css";
import {
  attributeOf,
  childrenOf,
  escaped,
  valuesOf,
  withAttribute,
  withChild,
  withCondition,
  without,
  type XmlNode,
} from "./tree";
import { Values } from "./Values";

/** A group of conditions and groups; all must hold, or at least one. */
export function FilterTree({
  context,
  filter,
  columns,
  schema,
  top,
}: {
  context: BuilderContext;
  filter: XmlNode;
  columns: readonly Column[];
  schema: EntitySchema | undefined;
  top?: boolean;
}) {
  const { text, onText } = context;
  const kind = attributeOf(filter, "type") === "or" ? "or" : "and";
  const first = schema?.primary_name ?? schema?.primary_id ?? columns[0]?.logical_name ?? "";
  const condition = `<condition attribute="${escaped(first)}" operator="not-null" />`;
  const children =
    schema?.relationships.filter(({ kind: of, column }) => of === "one-to-many" && column) ?? [];
  return (
    <fieldset className={styles.group}>
      <legend className="visually-hidden">{kind === "and" ? "All of these" : "At least one of these"}</legend>
      <div className={styles.groupHead}>
        <Segmented<"and" | "or">
          label="How the conditions join"
          value={kind}
          onChange={(next) => onText(withAttribute(text, filter, "type", next))}
          options={[
            { value: "and", label: "All of" },
            { value: "or", label: "Any of" },
          ]}
        />
        <Button
          size="small"
          appearance="subtle"
          icon={<AddRegular />}
          onClick={() => onText(withChild(text, filter, condition, ["filter", "link-entity"]))}
        >
          Condition
        </Button>
        <Button
          size="small"
          appearance="subtle"
          icon={<AddRegular />}
          onClick={() =>
            onText(
              withChild(
                text,
                filter,
                `<filter type="${kind === "and" ? "or" : "and"}">\n  ${condition}\n</filter>`,
              ),
            )
          }
        >
          Group
        </Button>
        {children.length > 0 ? (
          <Dropdown
            size="small"
            aria-label="Condition on linked rows"
            placeholder="Linked rows…"
            value=""
            selectedOptions={[]}
            style={{ minWidth: 110 }}
            onOptionSelect={(_, { optionValue }) => {
              const found = children.find(({ name }) => name === optionValue);
              if (!found?.column || !schema) return;
              onText(
                withChild(
                  text,
                  filter,
                  `<link-entity name="${escaped(found.other_entity)}" from="${escaped(found.column)}" to="${escaped(schema.primary_id)}" link-type="any">\n</link-entity>`,
                ),
              );
            }}
          >
            {children.slice(0, 80).map(({ name, other_entity, column }) => (
              <Option key={name} value={name} text={`${other_entity} via ${column}`}>
                {other_entity} <code className={styles.muted}>{column}</code>
              </Option>
            ))}
          </Dropdown>
        ) : null}
        <Button
          size="small"
          appearance="subtle"
          icon={<DismissRegular />}
          aria-label={top ? "Remove the filter" : "Remove the group"}
          onClick={() => onText(without(text, filter))}
        />
      </div>
      {filter.children.map((child) =>
        child.name === "condition" ? (
          <ConditionRow key={child.start} context={context} condition={child} columns={columns} />
        ) : child.name === "filter" ? (
          <FilterTree key={child.start} context={context} filter={child} columns={columns} schema={schema} />
        ) : child.name === "link-entity" ? (
          <LinkedFilter key={child.start} context={context} link={child} />
        ) : null,
      )}
    </fieldset>
  );
}

/** Linked rows that must or must not exist. */
function LinkedFilter({ context, link }: { context: BuilderContext; link: XmlNode }) {
  const { connection, text, onText } = context;
  const entity = attributeOf(link, "name") ?? "";
  const described = useRead("entities.describe", { connection, entity }, { enabled: entity !== "" });
  const schema = described.data?.schema;
  const words: Readonly<Record<string, string>> = {
    any: "There is a row that fits",
    "not any": "There is no row that fits",
    all: "There are rows and none of them fits",
    "not all": "There is a row that fits (not all)",
  };
  const kind = attributeOf(link, "link-type") ?? "any";
  const filters = childrenOf(link, "filter");
  return (
    <div className={styles.linked}>
      <div className={styles.row}>
        <Name text={entity} strong />
        <Dropdown
          size="small"
          aria-label={`Rows of ${entity}`}
          value={words[kind] ?? kind}
          selectedOptions={[kind]}
          onOptionSelect={(_, { optionValue }) =>
            optionValue && onText(withAttribute(text, link, "link-type", optionValue))
          }
        >
          {Object.entries(words).map(([value, label]) => (
            <Option key={value} value={value}>
              {label}
            </Option>
          ))}
        </Dropdown>
        <Button
          size="small"
          appearance="subtle"
          icon={<DismissRegular />}
          aria-label={`Remove the condition on ${entity}`}
          onClick={() => onText(without(text, link))}
        />
      </div>
      {filters.map((filter) => (
        <FilterTree
          key={filter.start}
          context={context}
          filter={filter}
          columns={schema?.columns ?? []}
          schema={schema}
        />
      ))}
      {filters.length === 0 ? (
        <Button
          size="small"
          icon={<AddRegular />}
          disabled={!schema}
          onClick={() =>
            onText(
              withChild(
                text,
                link,
                `<filter>\n  <condition attribute="${escaped(schema?.primary_name ?? schema?.primary_id ?? "")}" operator="not-null" />\n</filter>`,
              ),
            )
          }
        >
          Add a filter to {entity}
        </Button>
      ) : null}
    </div>
  );
}

/** One condition: column, an operator that fits it, and what the operator takes. */
function ConditionRow({
  context,
  condition,
  columns,
}: {
  context: BuilderContext;
  condition: XmlNode;
  columns: readonly Column[];
}) {
  const { text, onText, operators } = context;
  const name = attributeOf(condition, "attribute") ?? "";
  const operator = attributeOf(condition, "operator") ?? "";
  const alias = attributeOf(condition, "entityname");
  const column = alias ? undefined : columns.find(({ logical_name }) => logical_name === name);
  const fitting = column ? operatorsFor(operators, column.type) : operators;
  const chosen = operators.find((candidate) => candidate.name === operator);
  const arity = chosen?.arity ?? 1;
  const values = valuesOf(condition);
  const other = attributeOf(condition, "valueof");
  const write = (change: { attribute?: string; operator?: string; values?: readonly string[] }) => {
    const next = operators.find((candidate) => candidate.name === (change.operator ?? operator));
    const wanted = next?.arity ?? 1;
    const given = change.values ?? values;
    const fitted =
      wanted === 0 ? [] : wanted === 255 ? given : Array.from({ length: wanted }, (_, at) => given[at] ?? "");
    onText(
      withCondition(text, condition, { ...change, values: fitted, several: wanted === 2 || wanted === 255 }),
    );
  };
  return (
    <div className={styles.condition}>
      {alias ? <Mark title="Column of a linked entity">{alias}</Mark> : null}
      <Dropdown
        size="small"
        aria-label="Column"
        className={styles.column}
        style={{ minWidth: 0, width: 140 }}
        value={column?.display_name || name}
        selectedOptions={[name]}
        disabled={alias !== undefined}
        onOptionSelect={(_, { optionValue }) => {
          const next = columns.find(({ logical_name }) => logical_name === optionValue);
          if (!next) return;
          const fits = operatorsFor(operators, next.type);
          const kept = fits.find((candidate) => candidate.name === operator) ?? fits[0];
          write({ attribute: next.logical_name, operator: kept?.name ?? "eq", values: [] });
        }}
      >
        {columns
          .filter(({ readable }) => readable)
          .map((candidate) => (
            <Option key={candidate.logical_name} value={candidate.logical_name} text={candidate.display_name}>
              {candidate.display_name} <code className={styles.muted}>{candidate.logical_name}</code>
            </Option>
          ))}
      </Dropdown>
      <Dropdown
        size="small"
        aria-label="Operator"
        className={styles.operator}
        style={{ minWidth: 0, width: 130 }}
        title={chosen?.label}
        value={operatorWords(operator)}
        selectedOptions={[operator]}
        onOptionSelect={(_, { optionValue }) => optionValue && write({ operator: optionValue })}
      >
        {fitting.map((candidate) => (
          <Option key={candidate.name} value={candidate.name} text={operatorWords(candidate.name)}>
            {operatorWords(candidate.name)}
          </Option>
        ))}
      </Dropdown>
      {other !== undefined ? (
        <span className={styles.muted}>
          column <code>{other}</code>
        </span>
      ) : arity > 0 ? (
        <Values
          column={column}
          operator={operator}
          arity={arity}
          values={values}
          onChange={(next) => write({ values: next })}
        />
      ) : null}
      <Button
        size="small"
        appearance="subtle"
        icon={<DismissRegular />}
        aria-label={`Remove the condition on ${column?.display_name || name}`}
        onClick={() => onText(without(text, condition))}
      />
    </div>
  );
}
