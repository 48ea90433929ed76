import { Dropdown, Field, Option } from "@fluentui/react-components";
import { type ListView, useIsDatabase, useRead } from "@/api";
import { Name } from "@/design";
import { listLine } from "@/lib/lists";
import { counted } from "@/lib/numbers";
import styles from "./definitions.module.css";

/** The marketing list that a definition names, by id or by name. */
export function useList(connection: string, wanted: string | undefined): ListView | undefined {
  const lists = useRead("lists.list", { connection }, { enabled: connection !== "" && wanted !== undefined });
  return lists.data?.find(({ id, name }) => id === wanted?.toLowerCase() || name === wanted);
}

/** A marketing list in place of an entity: name, type, members, last use. */
export function ListField({
  connection,
  list,
  size = "small",
  onChange,
}: {
  connection: string;
  list: string | undefined;
  size?: "small" | "medium";
  onChange: (list: ListView | null) => void;
}) {
  const database = useIsDatabase(connection);
  const lists = useRead("lists.list", { connection }, { enabled: connection !== "" && !database });
  const chosen = useList(connection, list);
  const counting = useRead(
    "lists.count",
    { connection, list: chosen?.id ?? "" },
    { enabled: chosen !== undefined },
  );
  const hint = lists.error
    ? "The marketing lists can't be read now"
    : counting.data
      ? `${counting.data.exact ? "" : "At least "}${counted(counting.data.members, "member")} now, of ${counting.data.list.entity}`
      : "Stands in place of the entity";
  if (database) return null;
  return (
    <Field
      label="Or a marketing list"
      hint={hint}
      validationState={counting.data?.warning ? "warning" : "none"}
      validationMessage={counting.data?.warning ?? undefined}
    >
      <Dropdown
        size={size}
        clearable
        placeholder="None"
        value={chosen?.name ?? list ?? ""}
        selectedOptions={chosen ? [chosen.id] : []}
        onOptionSelect={(_, { optionValue }) =>
          onChange(lists.data?.find(({ id }) => id === optionValue) ?? null)
        }
      >
        {(lists.data ?? []).map((one) => (
          <Option key={one.id} value={one.id} text={one.name}>
            <span style={{ display: "flex", flexDirection: "column", minWidth: 0 }}>
              <Name text={one.name} />
              <span className={styles.muted}>
                {one.entity} · {listLine(one)}
              </span>
            </span>
          </Option>
        ))}
      </Dropdown>
    </Field>
  );
}
