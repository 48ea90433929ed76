import { Combobox, Option } from "@fluentui/react-components";
import { useState } from "react";
import { useRead } from "@/api";
import { Name, whenChosen } from "@/design";
import { fuzzyFilter } from "@/lib/fuzzy";
import styles from "./entities.module.css";

const ALL = "All solutions";

/** Which solution's entities are listed. The solutions are asked for when somebody looks. */
export function SolutionFilter({
  connection,
  value,
  onChange,
}: {
  connection: string;
  /** Unique name; empty for all. */
  value: string;
  onChange: (solution: string) => void;
}) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState<string | null>(null);
  const solutions = useRead("solutions.list", { connection }, { enabled: open || value !== "" });
  const current = solutions.data?.find(({ unique_name }) => unique_name === value);
  const found = fuzzyFilter(typed ?? "", solutions.data ?? [], (one) => `${one.name} ${one.unique_name}`);
  return (
    <>
      <Combobox
        size="small"
        aria-label="Solution"
        style={{ minWidth: 0 }}
        value={typed ?? (value === "" ? ALL : (current?.name ?? value))}
        selectedOptions={[value]}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onOpenChange={(_, data) => {
          setOpen(data.open);
          setTyped(null);
        }}
        onOptionSelect={whenChosen((solution) => {
          setTyped(null);
          onChange(solution);
        })}
      >
        {typed ? null : (
          <Option value="" text={ALL}>
            {ALL}
          </Option>
        )}
        {found.map((one) => (
          <Option key={one.unique_name} value={one.unique_name} text={one.name}>
            <Name text={one.name} />{" "}
            <span className={styles.muted}>
              {one.version}
              {one.managed ? ", managed" : ""}
            </span>
          </Option>
        ))}
        {solutions.isPending && open ? (
          <Option value={value} text="" disabled>
            Loading…
          </Option>
        ) : null}
      </Combobox>
      {solutions.error ? (
        <span className={styles.stateWarning} role="status" title={solutions.error.hint ?? undefined}>
          {solutions.error.message}
        </span>
      ) : null}
    </>
  );
}
