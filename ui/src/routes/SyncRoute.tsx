import { type ConnectionView, call, jobEnd, useRead } from "@/api";
import { Fault, Skeleton } from "@/design";
import { DefinitionEditor, NewDefinition } from "@/features/definitions";
import { FilterBuilder } from "@/features/query";
import { AtMost, CronPicker, NextTimes } from "@/features/schedules";
import { nav } from "./nav";
import { type Place, placeKey } from "./places";

/** A definition: a new one, or the editor of a saved one. */
export function SyncRoute({
  place,
  connections,
  current,
}: {
  place: Extract<Place, { at: "sync" }>;
  connections: readonly ConnectionView[];
  current: string | null;
}) {
  const isNew = place.name === "";
  // Under a new name the editor stays, with its steps back and what is being typed.
  const view = useRead("definitions.get", { name: place.name }, { enabled: !isNew, keep: true });
  if (isNew)
    return (
      <NewDefinition
        connections={connections}
        current={current}
        entity={place.draft}
        onMade={(name) => nav.rename(place, { at: "sync", name })}
        onCancel={() => nav.close(place)}
      />
    );
  if (view.error && !view.data)
    return (
      <div style={{ padding: 16 }}>
        <Fault fault={view.error} onRetry={() => void view.refetch()} />
      </div>
    );
  if (!view.data) return <Skeleton rows={14} label="Loading the definition" />;
  return (
    <DefinitionEditor
      view={view.data}
      connections={connections}
      FilterBuilder={FilterBuilder}
      SchedulePicker={SchedulePicker}
      AtMost={AtMost}
      onRenamed={(name) => nav.rename(place, { at: "sync", name })}
      onDeleted={() => nav.close(place)}
      onOpen={(name) => nav.go({ at: "sync", name })}
      onPlan={async (job) => {
        const ended = await jobEnd(job, () => call("jobs.get", { job }));
        if (ended.error) throw ended.error;
        const { result } = ended;
        const plan =
          typeof result === "object" && result !== null && "plan_id" in result ? result.plan_id : null;
        // Only when the person still looks at the definition; else the notice leads there.
        if (typeof plan === "string" && placeKey(nav.get().place) === placeKey(place))
          nav.go({ at: "plan", plan });
      }}
    />
  );
}

/** When a definition runs, and its next times. */
function SchedulePicker({ cron, onChange }: { cron: string; onChange: (cron: string) => void }) {
  return (
    <>
      <CronPicker cron={cron} onChange={onChange} />
      <NextTimes cron={cron} />
    </>
  );
}
