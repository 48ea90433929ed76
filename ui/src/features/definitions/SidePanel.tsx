import { Segmented } from "@/design";
import frameStyles from "./frame.module.css";
import { JsonSide } from "./JsonSide";
import { SamplePanel } from "./SamplePanel";

export type Side = "sample" | "table" | "json";

const sides = [
  { value: "sample", label: "Ten records" },
  { value: "table", label: "Table" },
  { value: "json", label: "JSON" },
] as const;

/** Which of them is shown; on a narrow window the form is one of them. */
export function SideChoice<T extends Side | "form">({
  value,
  onChange,
  form,
}: {
  value: T;
  onChange: (value: T | Side) => void;
  form?: boolean;
}) {
  return (
    <Segmented<Side | "form">
      label="What is shown beside the editor"
      value={value}
      onChange={(next) => onChange(next as T | Side)}
      options={form ? [{ value: "form", label: "Form" }, ...sides] : sides}
    />
  );
}

/** Ten records as cards or as a table, or the JSON. */
export function SideBody({ side, focused }: { side: Side; focused: string | null }) {
  return (
    <div className={frameStyles.sideBody}>
      {side === "json" ? (
        <JsonSide />
      ) : (
        <SamplePanel look={side === "table" ? "table" : "cards"} focused={focused} />
      )}
    </div>
  );
}
