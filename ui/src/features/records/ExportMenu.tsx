import { useState } from "react";
import { type ApiError, change, type RecordsQuery, toApiError, useExportForms } from "@/api";
import { FileMenu } from "@/design";
import styles from "./records.module.css";

/** Writes the selection to a file, as a job. */
export function ExportMenu({
  query,
  formatted,
  onError,
}: {
  query: RecordsQuery;
  /** What the grid shows; JSON is written that way. */
  formatted: boolean;
  onError: (error: ApiError) => void;
}) {
  const { forms, choices } = useExportForms({ labels: true });
  // Not kept: a file in clear must not come about because somebody masked one last week, nor the other way round.
  const [masked, setMasked] = useState(false);
  const personal = {
    name: "personal",
    label: "Names, addresses, numbers, mail",
    value: masked ? "masked" : "clear",
    options: [
      { value: "clear", label: "As they are" },
      { value: "masked", label: "Masked: pseudonyms that still join" },
    ],
    onChange: (value: string) => setMasked(value === "masked"),
  };
  return (
    <FileMenu
      forms={forms}
      choices={[personal, ...choices]}
      name={query.entity}
      title={`Export ${query.entity}`}
      hint="Write all rows of this selection to a file"
      words={<span className={styles.word}>Export</span>}
      onWrite={({ format, delimiter, byte_order_mark, ...form }, path) =>
        change("records.export", {
          query,
          format,
          path,
          delimiter,
          byte_order_mark,
          masked,
          formatted: form.formatted ?? formatted,
        })
      }
      onError={(error) => onError(toApiError(error))}
    />
  );
}
