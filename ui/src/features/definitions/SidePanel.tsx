import { Segmented } from "@/design";
import styles from "./definitions.module.css";
import { JsonSide } from "./JsonSide";
import { SamplePanel } from "./SamplePanel";

export type Side = "sample" | "table" | "json";

/** Beside the editor: ten records as cards or as a table, or the JSON. */
export function SidePanel({
  side,
  onSide,
  focused,
}: {
  side: Side;
  onSide: (side: Side) => void;
  focused: string | null;
}) {
  return (
    <div className={styles.side}>
      <div className={styles.sideHead}>
        <Segmented
          label="What is shown beside the editor"
          value={side}
          onChange={onSide}
          options={[
            { value: "sample", label: "Ten records" },
            { value: "table", label: "Table" },
            { value: "json", label: "JSON" },
          ]}
        />
      </div>
      <div className={styles.sideBody}>
        {side === "json" ? (
          <JsonSide />
        ) : (
          <SamplePanel look={side === "table" ? "table" : "cards"} focused={focused} />
        )}
      </div>
    </div>
  );
}
