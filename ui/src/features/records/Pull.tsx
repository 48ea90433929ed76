import { Button } from "@fluentui/react-components";
import { ArrowSyncRegular, DismissRegular } from "@fluentui/react-icons";
import { type ReactNode, useState } from "react";
import { call, isOver, type JobView, useJobs } from "@/api";
import { callWords } from "@/lib/costs";
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
      title={`Stop pulling; what was pulled stays, and it can go on later${job.calls ? `\n${callWords(job.calls)}` : ""}`}
      onClick={() => void call("jobs.cancel", { job: job.id })}
    >
      Pulling {parts.filter(Boolean).join(" ")}
    </Button>
  );
}
