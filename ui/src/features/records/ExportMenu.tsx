import { type ApiError, change, type RecordsQuery, toApiError, useExportForms } from "@/api";
import { FileMenu } from "@/design";

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
  return (
    <FileMenu
      {...useExportForms({ labels: true })}
      name={query.entity}
      title={`Export ${query.entity}`}
      hint="Write all rows of this selection to a file"
      onWrite={({ format, delimiter, byte_order_mark, ...form }, path) =>
        change("records.export", {
          query,
          format,
          path,
          delimiter,
          byte_order_mark,
          formatted: form.formatted ?? formatted,
        })
      }
      onError={(error) => onError(toApiError(error))}
    />
  );
}
