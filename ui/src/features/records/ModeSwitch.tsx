import { CloudRegular, DatabaseRegular } from "@fluentui/react-icons";
import type { DataMode } from "@/api";
import { Segmented } from "@/design";
import { count } from "@/lib/numbers";
import { ago } from "@/lib/time";

/** Whether records come from the service or from this computer. */
export function ModeSwitch({
  mode,
  onMode,
  pulledAt,
  cachedRecords,
}: {
  mode: DataMode;
  onMode: (mode: DataMode) => void;
  /** When the last pull came to its end; null: none did. */
  pulledAt: string | null;
  cachedRecords: number | null;
}) {
  return (
    <Segmented<DataMode>
      label="Where records come from"
      value={mode}
      onChange={onMode}
      options={[
        {
          value: "live",
          label: (
            <>
              <CloudRegular /> Live
            </>
          ),
          title: "Read from the service now",
        },
        {
          value: "cached",
          label: (
            <>
              <DatabaseRegular /> Cached{pulledAt ? ` ${ago(pulledAt)}` : ""}
            </>
          ),
          title:
            cachedRecords === null
              ? "Nothing was pulled yet"
              : `${count(cachedRecords)} records on this computer`,
        },
      ]}
    />
  );
}
