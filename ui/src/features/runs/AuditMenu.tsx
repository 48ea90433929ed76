import { useState } from "react";
import { type AuditQuery, type ByHand, change } from "@/api";
import { type FileChoice, FileMenu } from "@/design";

/** Forms in which the audit is written. */
export const forms = [
  { label: "CSV…", extension: "csv", format: "csv" },
  { label: "JSON lines…", extension: "jsonl", format: "jsonl" },
  { label: "Excel…", extension: "xlsx", format: "xlsx" },
] as const;

const parts: readonly { value: ByHand | "without"; label: string }[] = [
  { value: "with", label: "Runs and edits by hand" },
  { value: "without", label: "Runs alone" },
  { value: "only", label: "Edits by hand alone" },
];

/** Writes what runs did, and what was done by hand, to a file: of one record, or of a connection that is chosen. */
export function AuditMenu({
  query,
  connections = [],
  name,
  hint,
  onError,
}: {
  query: AuditQuery;
  /** Of which one is asked for; none where the query names its own. */
  connections?: readonly string[];
  name: string;
  hint: string;
  onError: (error: unknown) => void;
}) {
  const [part, setPart] = useState<string>("with");
  const [chosen, setChosen] = useState<string | null>(null);
  const connection = chosen !== null && connections.includes(chosen) ? chosen : connections[0];
  const choices: FileChoice[] = [
    { name: "part", label: "What", value: part, options: parts, onChange: setPart },
  ];
  if (connection !== undefined) {
    const options = connections.map((one) => ({ value: one, label: one }));
    choices.push({ name: "at", label: "At", value: connection, options, onChange: setChosen });
  }
  return (
    <FileMenu
      forms={forms}
      choices={choices}
      name={name}
      title="Export the audit"
      hint={hint}
      onWrite={({ format }, path) =>
        change("audit.export", {
          query: connection === undefined ? query : { ...query, connection },
          by_hand: part === "with" || part === "only" ? part : undefined,
          format,
          path,
        })
      }
      onError={onError}
    />
  );
}
