import { Button } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons";
import { type ConnectionView, change, type SampleTenant, useRead } from "@/api";
import { Fault, Page, Section, Skeleton } from "@/design";
import { ConnectionList, FirstRun } from "@/features/connections";
import { RunTable } from "@/features/runs";
import { actOn, show } from "./actions";
import { nav } from "./nav";
import { notify } from "./toasts";

/** Where one starts: the two ways in, or the connections and what ran last. */
export function Home({ current }: { current: string | null }) {
  const list = useRead("connections.list", {});
  const runs = useRead("runs.list", {});
  if (list.error && !list.data)
    return (
      <div style={{ padding: 16 }}>
        <Fault fault={list.error} onRetry={() => void list.refetch()} />
      </div>
    );
  if (!list.data) return <Skeleton rows={10} label="Loading connections" />;
  if (list.data.length === 0)
    return (
      <FirstRun
        onSample={(sample) => void openSample(sample)}
        onConnect={() => nav.go({ at: "connect" }, null)}
      />
    );
  const sample = list.data.some((connection) => connection.sample);
  return (
    <Page
      scroll
      title="Home"
      actions={
        <>
          {sample ? null : (
            <Button size="small" onClick={() => void startSample()}>
              Explore the sample tenant
            </Button>
          )}
          <Button
            size="small"
            appearance="primary"
            icon={<AddRegular />}
            onClick={() => nav.go({ at: "connect" })}
          >
            Connect
          </Button>
        </>
      }
    >
      <Section title="Connections">
        <ConnectionList
          connections={list.data}
          current={current}
          onAct={(act, connection) => void actOn(act, connection)}
        />
      </Section>
      {runs.data && runs.data.length > 0 ? (
        <Section
          title="Recent runs"
          aside={
            <Button size="small" appearance="subtle" onClick={() => nav.go({ at: "runs" })}>
              All runs
            </Button>
          }
        >
          <RunTable runs={runs.data.slice(0, 8)} onOpen={(run) => nav.go({ at: "run", run })} />
        </Section>
      ) : null}
    </Page>
  );
}

export async function startSample(): Promise<void> {
  try {
    await openSample(await change("sample.start", {}));
  } catch (fault) {
    notify({
      tone: "error",
      title: "The sample tenant did not start",
      text: fault instanceof Object && "message" in fault ? String(fault.message) : undefined,
    });
  }
}

/** Goes to the sample tenant; signs in there if that is still to do; shows the tour. */
async function openSample(sample: SampleTenant): Promise<void> {
  nav.switchTo(sample.first, { at: "entities" });
  const connections: ConnectionView[] = await change("connections.list", {});
  const first = connections.find(({ name }) => name === sample.first);
  if (first && !first.signed_in) show({ signIn: first, tour: true });
  else show({ tour: true });
}
