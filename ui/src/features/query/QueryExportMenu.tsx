import { Menu, MenuButton, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { ArrowDownloadRegular } from "@fluentui/react-icons";
import { change, type ExportFormat, type QueryLanguage, toApiError } from "@/api";
import { host } from "@/host";

const forms: readonly { format: ExportFormat; label: string; extension: string; formatted: boolean }[] = [
  { format: "csv", label: "CSV with labels…", extension: "csv", formatted: true },
  { format: "csv", label: "CSV with codes…", extension: "csv", formatted: false },
  { format: "xlsx", label: "Excel with labels…", extension: "xlsx", formatted: true },
  { format: "json", label: "JSON…", extension: "json", formatted: false },
  { format: "jsonl", label: "JSON lines…", extension: "jsonl", formatted: false },
  { format: "sqlite", label: "SQLite database…", extension: "db", formatted: false },
];

/** Writes all rows of the query that ran last to a file, page by page. */
export function QueryExportMenu({
  connection,
  language,
  text,
  cached,
  onError,
}: {
  connection: string;
  language: QueryLanguage;
  text: string;
  cached: boolean;
  onError: (error: unknown) => void;
}) {
  async function write({ format, extension, formatted }: (typeof forms)[number]) {
    try {
      const path = await host.saveDialog({
        title: "Export the result",
        defaultName: `query.${extension}`,
        extensions: [extension],
      });
      if (!path) return;
      await change("queries.export", {
        connection,
        language,
        text,
        cached: cached || undefined,
        format,
        path,
        formatted,
      });
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
          title="Write all rows of the query to a file"
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
