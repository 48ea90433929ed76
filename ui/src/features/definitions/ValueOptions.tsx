import { Button, Field, Label } from "@fluentui/react-components";
import { ArrowDownRegular, ArrowUpRegular } from "@fluentui/react-icons";
import type { Column, FieldMapping, OnEmpty, OnUnmapped, TextCase } from "@/api";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import { FixedInput } from "./FixedPart";
import { LinkedTo } from "./Linked";
import { FoundBy, TakenOfLookup } from "./LookupOptions";
import { Choose, ColumnList, Words } from "./optionFields";
import { ColumnSelect } from "./selects";
import { TableEditor } from "./TableEditor";

const letters = [
  { value: "none", label: "As they are" },
  { value: "upper", label: "Upper case" },
  { value: "lower", label: "Lower case" },
] as const;
const forms = ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%S%:z", "%s"];
const zones = ["UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])];

/** Every way a value can be changed on its way, in the order in which it is done. What does not fit the column is not offered unless it is set. */
export function ValueOptions({
  field,
  column,
  onChange,
  onMove,
}: {
  field: FieldMapping;
  column: Column | undefined;
  onChange: (part: Partial<FieldMapping>, key?: string) => void;
  onMove: (by: -1 | 1) => void;
}) {
  const { editor, columns } = useParts();
  const chosen = editor.definition.source.columns;
  const text = column === undefined || column.type === "string" || column.type === "memo";
  const number = ["integer", "bigint", "decimal", "double", "money"].includes(column?.type ?? "");
  const date = column?.type === "datetime";
  const table = field.map ?? {};
  return (
    <div className={styles.options} role="group" aria-label={`How ${field.to || "the value"} is made`}>
      <TakenOfLookup field={field} onChange={onChange} />
      <FoundBy field={field} onChange={onChange} />
      <LinkedTo field={field} column={column} onChange={onChange} />
      <ColumnList
        label="Where it is empty, the first of"
        columns={columns}
        chosen={chosen}
        value={field.first_of ?? []}
        onChange={(names) => onChange({ first_of: names.length > 0 ? names : undefined })}
      />
      {text || field.split ? (
        <>
          <Words
            label="Split the text at"
            hint="What stands between the parts"
            mono
            value={field.split?.by}
            onChange={(by) =>
              onChange(
                { split: by === undefined ? undefined : { by, part: field.split?.part ?? 1 } },
                "split.by",
              )
            }
          />
          {field.split ? (
            <Words
              label="Part to take"
              hint="1 is the first, -1 the last"
              value={String(field.split.part)}
              onChange={(part) =>
                onChange({ split: { by: field.split?.by ?? "", part: whole(part) } }, "split.part")
              }
            />
          ) : null}
        </>
      ) : null}
      <ColumnList
        label="Put together with"
        columns={columns}
        chosen={chosen}
        value={field.join?.with ?? []}
        onChange={(names) =>
          onChange({
            join: names.length > 0 ? { with: names, separator: field.join?.separator ?? " " } : undefined,
          })
        }
      />
      {field.join ? (
        <Words
          label="Between them"
          mono
          value={field.join.separator}
          onChange={(separator = "") =>
            onChange({ join: { with: field.join?.with ?? [], separator } }, "join.separator")
          }
        />
      ) : null}
      <div className={styles.wide}>
        <Words
          label="Expression"
          hint={
            <>
              Over <code>value</code> and the chosen columns: <code>{'value + " " + lastname'}</code>,{" "}
              <code>{'if amount > 100 { "big" } else { "small" }'}</code>, <code>value.to_upper()</code>
            </>
          }
          mono
          value={field.expression}
          onChange={(expression) => onChange({ expression }, "expression")}
        />
      </div>
      <div className={styles.wide}>
        <Label size="small">Value table</Label>
        <TableEditor
          label={`Value table of ${field.to}`}
          keyTitle={field.label ? "Label" : "Value"}
          valueTitle="Is sent as"
          table={table}
          offers={(column?.options ?? []).map(({ value, label }) =>
            field.label
              ? { value: label ?? String(value) }
              : { value: String(value), label: label ?? undefined },
          )}
          onChange={(map) => onChange({ map: Object.keys(map).length > 0 ? map : undefined }, "map")}
        />
        {Object.keys(table).length > 0 ? (
          <Choose<OnUnmapped>
            label="What is not in the table"
            value={field.on_unmapped ?? "keep"}
            options={[
              { value: "keep", label: "stays as it is" },
              { value: "skip", label: "counts as no value" },
            ]}
            onChange={(rule) => onChange({ on_unmapped: rule === "keep" ? undefined : rule })}
          />
        ) : null}
      </div>
      {date || field.date ? (
        <>
          <Words
            label="Date written as"
            hint="Empty: as the destination wants it"
            mono
            offers={forms}
            value={field.date?.form}
            onChange={(form) =>
              onChange({ date: form === undefined ? undefined : { ...field.date, form } }, "date.form")
            }
          />
          {field.date ? (
            <Words
              label="In the zone"
              hint={
                column?.behavior === "userlocal"
                  ? "Empty: UTC"
                  : "This column has no zone: nothing is shifted"
              }
              offers={zones}
              value={field.date.zone}
              onChange={(zone) => onChange({ date: { form: field.date?.form ?? "", zone } }, "date.zone")}
            />
          ) : null}
        </>
      ) : null}
      {number || field.decimals !== undefined ? (
        <Words
          label="Decimals"
          hint="Empty: every digit is kept"
          value={field.decimals === undefined ? undefined : String(field.decimals)}
          onChange={(decimals) =>
            onChange(
              { decimals: decimals === undefined ? undefined : Math.min(10, Math.max(0, whole(decimals))) },
              "decimals",
            )
          }
        />
      ) : null}
      {field.phone ? (
        <Field label="Country of the number, from" size="small">
          <ColumnSelect
            label={`Country of ${field.to}, from`}
            columns={columns}
            chosen={chosen}
            value={field.phone_country ?? ""}
            onChange={(name) => onChange({ phone_country: name === "" ? undefined : name })}
          />
        </Field>
      ) : null}
      <Choose
        label="Letters"
        value={field.case ?? "none"}
        options={letters}
        onChange={(value) => onChange({ case: value === "none" ? undefined : (value as TextCase) })}
      />
      <Field label="When empty" size="small">
        <FixedInput
          label={`Value of ${field.to} when empty`}
          placeholder="left out"
          value={field.default}
          onChange={(value) => onChange({ default: value === "" ? undefined : value }, "default")}
        />
      </Field>
      <Choose<OnEmpty | "usual">
        label="No value at all"
        value={field.empty ?? "usual"}
        options={[
          { value: "usual", label: "as the destination usually takes it" },
          { value: "leave-out", label: "is left out" },
          { value: "null", label: "is sent as null" },
          { value: "clear", label: "empties the attribute" },
        ]}
        onChange={(empty) => onChange({ empty: empty === "usual" ? undefined : empty })}
      />
      <div className={styles.lineRow}>
        <Button size="small" appearance="subtle" icon={<ArrowUpRegular />} onClick={() => onMove(-1)}>
          Up
        </Button>
        <Button size="small" appearance="subtle" icon={<ArrowDownRegular />} onClick={() => onMove(1)}>
          Down
        </Button>
      </div>
    </div>
  );
}

function whole(text: string | undefined): number {
  const number = Number.parseInt(text ?? "", 10);
  return Number.isNaN(number) ? 0 : number;
}
