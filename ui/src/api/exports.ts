import { useKept } from "./kept";
import type { ExportFormat } from "./types";

/** A form that rows are written in, as the export commands take it. */
export interface ExportForm {
  label: string;
  extension: string;
  format: ExportFormat;
  /** Labels in place of codes; null: as the screen shows them. */
  formatted: boolean | null;
  /** CSV only. */
  delimiter?: string;
  byte_order_mark?: boolean;
}

type Csv = "comma" | "semicolon" | "tab";
const ways: readonly { value: Csv; label: string; delimiter: string }[] = [
  { value: "comma", label: "Commas", delimiter: "," },
  { value: "semicolon", label: "Semicolons (for decimal commas)", delimiter: ";" },
  { value: "tab", label: "Tabs", delimiter: "tab" },
];
type Mark = "with" | "without";

const isCsv = (value: unknown): value is Csv => ways.some((way) => way.value === value);
const isMark = (value: unknown): value is Mark => value === "with" || value === "without";

/**
 * The forms that every export offers, and how CSV is written, which is kept between starts. With `labels`, rows hold codes that have
 * labels; the columns of a SELECT are what its text says.
 */
export function useExportForms({ labels }: { labels: boolean }) {
  const [csv, setCsv] = useKept<Csv>("export.csv", isCsv, "comma");
  const [mark, setMark] = useKept<Mark>("export.mark", isMark, "with");
  const way = ways.find(({ value }) => value === csv);
  const style = { delimiter: way?.delimiter, byte_order_mark: mark === "with" };
  const csvForm = { extension: "csv", format: "csv", ...style } as const;
  const forms: ExportForm[] = [
    ...(labels
      ? [
          { label: "CSV with labels…", formatted: true, ...csvForm },
          { label: "CSV with codes…", formatted: false, ...csvForm },
          { label: "Excel with labels…", extension: "xlsx", format: "xlsx" as const, formatted: true },
        ]
      : [
          { label: "CSV…", formatted: null, ...csvForm },
          { label: "Excel…", extension: "xlsx", format: "xlsx" as const, formatted: null },
        ]),
    { label: "JSON…", extension: "json", format: "json", formatted: null },
    { label: "JSON lines…", extension: "jsonl", format: "jsonl", formatted: null },
    { label: "SQLite database…", extension: "db", format: "sqlite", formatted: false },
  ];
  const choices = [
    {
      name: "csv",
      label: "Between the cells of a CSV file",
      value: csv,
      options: ways,
      onChange: (value: string) => isCsv(value) && setCsv(value),
    },
    {
      name: "mark",
      label: "A CSV file begins with a byte order mark",
      value: mark,
      options: [
        { value: "with", label: "Yes, for Excel" },
        { value: "without", label: "No" },
      ],
      onChange: (value: string) => isMark(value) && setMark(value),
    },
  ];
  return { forms, choices };
}
