import { Menu, MenuButton, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { ArrowDownloadRegular } from "@fluentui/react-icons";
import { change, type ExportFormat, toApiError } from "@/api";
import { host } from "@/host";

const forms: readonly { format: ExportFormat; label: string; extension: string; delimiter?: string }[] = [
  { format: "csv", label: "CSV…", extension: "csv" },
  { format: "csv", label: "CSV with semicolons…", extension: "csv", delimiter: ";" },
  { format: "xlsx", label: "Excel…", extension: "xlsx" },
  { format: "json", label: "JSON…", extension: "json" },
  { format: "jsonl", label: "JSON lines…", extension: "jsonl" },
  { format: "sqlite", label: "SQLite database…", extension: "db" },
];

/** Writes all rows of the statement that ran last to a file, however many there are. */
export function SqlExportMenu({
  connection,
  statement,
  disabled,
  onError,
}: {
  connection: string;
  statement: string;
  disabled: boolean;
  onError: (error: unknown) => void;
}) {
  async function write({ format, extension, delimiter }: (typeof forms)[number]) {
    try {
      const path = await host.saveDialog({
        title: "Export the result",
        defaultName: `query.${extension}`,
        extensions: [extension],
      });
      if (path) await change("cache.sql_export", { connection, statement, format, path, delimiter });
    } catch (error) {
      onError(toApiError(error));
    }
  }
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <MenuButton
          size="small"
          appearance="subtle"
          icon={<ArrowDownloadRegular />}
          disabled={disabled}
          title="Write all rows of the result to a file"
        >
          Export
        </MenuButton>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {forms.map((form) => (
            <MenuItem key={form.label} onClick={() => void write(form)}>
              {form.label}
            </MenuItem>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
