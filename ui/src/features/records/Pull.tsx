import {
  Button,
  Menu,
  MenuButton,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { ArrowDownloadRegular, ArrowSyncRegular, DismissRegular } from "@fluentui/react-icons";
import { type ReactNode, useState } from "react";
import {
  call,
  change,
  type ExportFormat,
  isOver,
  type JobView,
  type RecordsQuery,
  toApiError,
  useJobs,
} from "@/api";
import { host } from "@/host";
import { compact, duration } from "@/lib/numbers";
import { PullDialog } from "./PullDialog";

/** Pulls the entity into the store; while a pull is under way, how far it is. */
export function PullButton({
  connection,
  entity,
  columns,
  filter,
  counter,
}: {
  connection: string;
  entity: string;
  columns: readonly string[];
  filter: string;
  counter?: (filter: string) => ReactNode;
}) {
  const [asking, setAsking] = useState(false);
  const running = useJobs().find(
    (job) =>
      job.kind === "pull" &&
      job.connection === connection &&
      !isOver(job) &&
      job.title.split(/\s/).includes(entity),
  );
  if (running) return <Running job={running} />;
  return (
    <>
      <Button
        size="small"
        icon={<ArrowSyncRegular />}
        onClick={() => setAsking(true)}
        title="Keep these records on this computer"
      >
        Pull
      </Button>
      {asking ? (
        <PullDialog
          connection={connection}
          entity={entity}
          columns={columns}
          filter={filter}
          counter={counter}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}

function Running({ job }: { job: JobView }) {
  const parts = [
    compact(job.done),
    job.total === null ? "" : `of ${compact(job.total)}`,
    job.seconds_left === null ? "" : `· ${duration(job.seconds_left)} left`,
  ];
  return (
    <Button
      size="small"
      icon={<DismissRegular />}
      title="Stop pulling; what was pulled stays, and it can go on later"
      onClick={() => void call("jobs.cancel", { job: job.id })}
    >
      Pulling {parts.filter(Boolean).join(" ")}
    </Button>
  );
}

/** Writes the selection to a file, as a job. */
export function ExportMenu({
  query,
  formatted,
  onError,
}: {
  query: RecordsQuery;
  formatted: boolean;
  onError: (error: unknown) => void;
}) {
  async function write(format: ExportFormat, labels: boolean) {
    try {
      const path = await host.saveDialog({
        title: `Export ${query.entity}`,
        defaultName: `${query.entity}.${format === "sqlite" ? "db" : format}`,
        extensions: [format === "sqlite" ? "db" : format],
      });
      if (!path) return;
      await change("records.export", { query, format, path, formatted: labels });
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
          title="Write all rows of this selection to a file"
        >
          Export
        </MenuButton>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItem onClick={() => void write("csv", true)}>CSV with labels…</MenuItem>
          <MenuItem onClick={() => void write("csv", false)}>CSV with codes…</MenuItem>
          <MenuItem onClick={() => void write("xlsx", true)}>Excel with labels and links…</MenuItem>
          <MenuItem onClick={() => void write("json", formatted)}>JSON…</MenuItem>
          <MenuItem onClick={() => void write("jsonl", formatted)}>JSON lines…</MenuItem>
          <MenuItem onClick={() => void write("sqlite", false)}>SQLite database…</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
