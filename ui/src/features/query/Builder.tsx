import { Button, Checkbox, Combobox, Dropdown, Field, Input, Option } from "@fluentui/react-components";
import { AddRegular, DismissRegular } from "@fluentui/react-icons";
import { useMemo, useState } from "react";
import { type Column, type FilterOperator, useRead } from "@/api";
import { Mark, Name, whenChosen } from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import { FilterTree } from "./FilterTree";
import { LinkAdder } from "./LinkAdder";
import styles from "./query.module.css";
import {
  attributeOf,
  childrenOf,
  escaped,
  keptParts,
  parseTree,
  withAttribute,
  withChild,
  without,
  type XmlNode,
} from "./tree";

export interface BuilderContext {
  connection: string;
  text: string;
  onText: (text: string) => void;
  operators: readonly FilterOperator[];
}

/** The same query as the text beside it: what is changed here rewrites only its own part of the text. */
export function Builder({
  connection,
  text,
  onText,
}: {
  connection: string;
  text: string;
  onText: (text: string) => void;
}) {
  const root = useMemo(() => parseTree(text), [text]);
  const operators = useRead("filters.operators", {});
  const entity = root?.name === "fetch" ? root.children.find(({ name }) => name === "entity") : undefined;
  if (!root || !entity)
    return (
      <p className={styles.builderNote}>
        The builder shows the query as soon as the text can be read: one &lt;fetch&gt; with an &lt;entity&gt;.
        The text stays as it is.
      </p>
    );
  const context = { connection, text, onText, operators: operators.data ?? [] };
  const kept = keptParts(text, root);
  const setRoot = (name: string, value: string | null) => onText(withAttribute(text, root, name, value));
  return (
    <div className={styles.builder} role="group" aria-label="Query builder">
      <EntityPart context={context} entity={entity} />
      <Joined context={context} node={entity} depth={0} />
      <div className={styles.row}>
        <Field label="At most" className={styles.small}>
          <Input
            size="small"
            type="number"
            min={1}
            max={5000}
            value={attributeOf(root, "top") ?? ""}
            placeholder="all rows"
            onChange={(_, { value }) => setRoot("top", value === "" ? null : value)}
          />
        </Field>
        <Checkbox
          label="No row twice"
          checked={attributeOf(root, "distinct") === "true"}
          onChange={(_, { checked }) => setRoot("distinct", checked === true ? "true" : null)}
        />
      </div>
      {kept.length > 0 ? (
        <p className={styles.builderNote} role="note">
          Kept in the text, not shown here: {kept.join("; ")}.
        </p>
      ) : null}
    </div>
  );
}

function EntityPart({ context, entity }: { context: BuilderContext; entity: XmlNode }) {
  const { connection, text, onText } = context;
  const [typed, setTyped] = useState<string | null>(null);
  const entities = useRead("entities.list", { connection });
  const name = attributeOf(entity, "name") ?? "";
  const chosen = entities.data?.entities.find(({ logical_name }) => logical_name === name);
  const offered = fuzzyFilter(
    typed ?? "",
    entities.data?.entities ?? [],
    (candidate) => `${candidate.display_name} ${candidate.logical_name}`,
  ).slice(0, 60);
  return (
    <Field label="Entity">
      <Combobox
        size="small"
        value={typed ?? (chosen?.display_name || name)}
        selectedOptions={[name]}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onOpenChange={(_, { open }) => !open && setTyped(null)}
        onOptionSelect={whenChosen((other) => {
          setTyped(null);
          onText(withAttribute(text, entity, "name", other));
        })}
      >
        {offered.map((candidate) => (
          <Option key={candidate.logical_name} value={candidate.logical_name} text={candidate.display_name}>
            {candidate.display_name} <code className={styles.muted}>{candidate.logical_name}</code>
          </Option>
        ))}
      </Combobox>
    </Field>
  );
}

/** Columns, filters, links and order of an entity or a linked one. */
function Joined({ context, node, depth }: { context: BuilderContext; node: XmlNode; depth: number }) {
  const { connection, text, onText } = context;
  const entity = attributeOf(node, "name") ?? "";
  const described = useRead("entities.describe", { connection, entity }, { enabled: entity !== "" });
  const schema = described.data?.schema;
  const columns = schema?.columns ?? [];
  const filters = childrenOf(node, "filter");
  const links = childrenOf(node, "link-entity");
  return (
    <>
      <Columns context={context} node={node} columns={columns} />
      <section aria-label={`Filter of ${entity}`} className={styles.part}>
        <h2>Filter</h2>
        {filters.map((filter) => (
          <FilterTree
            key={filter.start}
            context={context}
            filter={filter}
            columns={columns}
            schema={schema}
            top
          />
        ))}
        {filters.length === 0 ? (
          <div className={styles.row}>
            <span className={styles.muted}>No filter: all rows.</span>
            <Button
              size="small"
              icon={<AddRegular />}
              onClick={() =>
                onText(
                  withChild(
                    text,
                    node,
                    `<filter>\n  <condition attribute="${escaped(schema?.primary_name ?? schema?.primary_id ?? "")}" operator="not-null" />\n</filter>`,
                    ["link-entity", "order"],
                  ),
                )
              }
            >
              Add a filter
            </Button>
          </div>
        ) : null}
      </section>
      {depth === 0 ? <Order context={context} node={node} columns={columns} /> : null}
      <section aria-label={`Linked to ${entity}`} className={styles.part}>
        <h2>Linked entities</h2>
        {links.map((link) => (
          <div key={link.start} className={styles.linked}>
            <div className={styles.row}>
              <Name text={attributeOf(link, "name") ?? ""} strong />
              <Mark title="How it joins">{attributeOf(link, "link-type") ?? "inner"}</Mark>
              <code className={styles.muted}>
                {attributeOf(link, "from")} = {attributeOf(link, "to")}
              </code>
              <Dropdown
                size="small"
                aria-label={`How ${attributeOf(link, "name")} joins`}
                value={attributeOf(link, "link-type") ?? "inner"}
                selectedOptions={[attributeOf(link, "link-type") ?? "inner"]}
                style={{ minWidth: 110 }}
                onOptionSelect={(_, { optionValue }) =>
                  onText(
                    withAttribute(
                      text,
                      link,
                      "link-type",
                      optionValue === "inner" ? null : (optionValue ?? null),
                    ),
                  )
                }
              >
                {["inner", "outer", "exists", "in", "matchfirstrowusingcrossapply"].map((kind) => (
                  <Option key={kind} value={kind}>
                    {kind}
                  </Option>
                ))}
              </Dropdown>
              <Button
                size="small"
                appearance="subtle"
                icon={<DismissRegular />}
                aria-label={`Remove the link to ${attributeOf(link, "name")}`}
                onClick={() => onText(without(text, link))}
              />
            </div>
            {depth < 4 ? <Joined context={context} node={link} depth={depth + 1} /> : null}
          </div>
        ))}
        {schema ? <LinkAdder context={context} node={node} schema={schema} /> : null}
      </section>
    </>
  );
}

function Columns({
  context,
  node,
  columns,
}: {
  context: BuilderContext;
  node: XmlNode;
  columns: readonly Column[];
}) {
  const { text, onText } = context;
  const [typed, setTyped] = useState("");
  const all = node.children.find(({ name }) => name === "all-attributes");
  const chosen = childrenOf(node, "attribute");
  const names = new Set(chosen.map((attribute) => attributeOf(attribute, "name")));
  const entity = attributeOf(node, "name");
  const offered = fuzzyFilter(
    typed,
    columns.filter((column) => column.readable && !names.has(column.logical_name)),
    (column) => `${column.display_name} ${column.logical_name}`,
  ).slice(0, 60);
  return (
    <section aria-label={`Columns of ${entity}`} className={styles.part}>
      <h2>Columns</h2>
      <div className={styles.chips}>
        {all ? <Chip label="All columns" onRemove={() => onText(without(text, all))} /> : null}
        {chosen.map((attribute) => {
          const name = attributeOf(attribute, "name") ?? "";
          const column = columns.find(({ logical_name }) => logical_name === name);
          const what =
            attributeOf(attribute, "aggregate") ?? (attributeOf(attribute, "groupby") ? "group" : "");
          return (
            <Chip
              key={attribute.start}
              label={`${column?.display_name || name}${what ? ` (${what})` : ""}`}
              title={name}
              onRemove={() => onText(without(text, attribute))}
            />
          );
        })}
        <Combobox
          size="small"
          aria-label={`Add a column of ${entity}`}
          placeholder="Add a column"
          root={{ style: { minWidth: 0, width: 170 } }}
          input={{ style: { minWidth: 0, width: "100%" } }}
          value={typed}
          selectedOptions={[]}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onOptionSelect={(_, { optionValue }) => {
            setTyped("");
            if (!optionValue) return;
            const xml = `<attribute name="${escaped(optionValue)}" />`;
            onText(withChild(text, node, xml, ["filter", "link-entity", "order"]));
          }}
        >
          {offered.map((column) => (
            <Option key={column.logical_name} value={column.logical_name} text={column.display_name}>
              {column.display_name} <code className={styles.muted}>{column.logical_name}</code>
            </Option>
          ))}
        </Combobox>
      </div>
    </section>
  );
}

function Chip({ label, title, onRemove }: { label: string; title?: string; onRemove: () => void }) {
  return (
    <span className={styles.chip} title={title}>
      <bdi dir="auto">{label}</bdi>
      <button type="button" aria-label={`Remove ${label}`} onClick={onRemove}>
        <DismissRegular />
      </button>
    </span>
  );
}

function Order({
  context,
  node,
  columns,
}: {
  context: BuilderContext;
  node: XmlNode;
  columns: readonly Column[];
}) {
  const { text, onText } = context;
  const orders = childrenOf(node, "order");
  const titleOf = (name: string) =>
    columns.find(({ logical_name }) => logical_name === name)?.display_name || name;
  return (
    <section aria-label="Order" className={styles.part}>
      <h2>Order</h2>
      <div className={styles.chips}>
        {orders.map((order) => {
          const name = attributeOf(order, "attribute") ?? attributeOf(order, "alias") ?? "";
          const down = attributeOf(order, "descending") === "true";
          return (
            <span key={order.start} className={styles.chip}>
              <button
                type="button"
                aria-label={`${titleOf(name)}, ${down ? "largest" : "smallest"} first; turn round`}
                onClick={() => onText(withAttribute(text, order, "descending", down ? null : "true"))}
              >
                {down ? "↓" : "↑"}
              </button>
              <bdi dir="auto">{titleOf(name)}</bdi>
              <button
                type="button"
                aria-label={`Remove the order by ${titleOf(name)}`}
                onClick={() => onText(without(text, order))}
              >
                <DismissRegular />
              </button>
            </span>
          );
        })}
        <Dropdown
          size="small"
          aria-label="Order by"
          placeholder="Order by…"
          className={styles.adder}
          style={{ minWidth: 0, width: 150 }}
          value=""
          selectedOptions={[]}
          onOptionSelect={(_, { optionValue }) => {
            if (optionValue) onText(withChild(text, node, `<order attribute="${escaped(optionValue)}" />`));
          }}
        >
          {columns
            .filter(({ readable }) => readable)
            .map((column) => (
              <Option key={column.logical_name} value={column.logical_name} text={column.display_name}>
                {column.display_name} <code className={styles.muted}>{column.logical_name}</code>
              </Option>
            ))}
        </Dropdown>
      </div>
    </section>
  );
}
