import { Button, Link, Spinner } from "@fluentui/react-components";
import { CheckmarkCircleFilled, OpenRegular } from "@fluentui/react-icons";
import { useEffect, useRef, useState } from "react";
import {
  type ApiError,
  type ConnectionView,
  call,
  change,
  invalidateTags,
  type JobView,
  jobEnd,
  type SignInStarted,
  toApiError,
} from "@/api";
import { CopyField, Fault, StatusLight, Time, useCopy } from "@/design";
import { host } from "@/host";
import styles from "./connections.module.css";
import { identityWords } from "./words";

type Phase =
  | { at: "starting" }
  | { at: "waiting"; started: SignInStarted }
  | { at: "testing" }
  | { at: "done"; connection: ConnectionView }
  | { at: "failed"; error: ApiError };

/** Signs in to a saved connection, and says at each moment what it waits for. */
export function SignIn({
  connection,
  deviceCode,
  onDone,
  onCancel,
}: {
  connection: ConnectionView;
  deviceCode?: boolean;
  onDone: (connection: ConnectionView) => void;
  onCancel: () => void;
}) {
  const [phase, setPhase] = useState<Phase>({ at: "starting" });
  const [attempt, setAttempt] = useState(0);
  const done = useRef(onDone);
  done.current = onDone;
  const name = connection.name;
  const interactive = connection.auth === "authorization-code" || connection.auth === "device-code";
  const withDevice = deviceCode ?? connection.auth === "device-code";

  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` starts it anew
  useEffect(() => {
    let gone = false;
    let job: string | null = null;
    const say = (next: Phase) => {
      if (!gone) setPhase(next);
    };
    async function run(): Promise<void> {
      if (interactive) {
        say({ at: "starting" });
        const started = await change("sign_in.start", { connection: name, device_code: withDevice });
        job = started.job;
        if (gone) {
          void call("jobs.cancel", { job });
          return;
        }
        say({ at: "waiting", started });
        const ended: JobView = await jobEnd(started.job, () => call("jobs.get", { job: started.job }));
        job = null;
        if (ended.error) throw ended.error;
        if (ended.state !== "done") throw cancelled;
      } else {
        say({ at: "testing" });
        const tested = await change("connections.test", { connection: name });
        if (tested.error) throw tested.error;
      }
      await invalidateTags(["connections", "metadata"]);
      const after = await call("connections.get", { connection: name });
      say({ at: "done", connection: after });
      if (!gone) done.current(after);
    }
    run().catch((error: unknown) => say({ at: "failed", error: toApiError(error) }));
    return () => {
      gone = true;
      if (job) void call("jobs.cancel", { job }).catch(() => undefined);
    };
  }, [name, withDevice, interactive, attempt]);

  switch (phase.at) {
    case "starting":
    case "testing":
      return (
        <div className={styles.signIn} role="status">
          <Spinner
            size="small"
            label={
              phase.at === "testing" ? `Asking ${connection.url} who this is…` : "Getting ready to sign in…"
            }
          />
          <Button onClick={onCancel}>Cancel</Button>
        </div>
      );
    case "waiting":
      return <Waiting started={phase.started} onCancel={onCancel} />;
    case "failed":
      return (
        <div className={styles.signIn}>
          <Fault fault={phase.error} remedy={{ words: "Try again", act: () => setAttempt(attempt + 1) }} />
          <div>
            <Button onClick={onCancel}>Back to the connection</Button>
          </div>
        </div>
      );
    case "done":
      return (
        <div className={styles.signIn} role="status">
          <p className={styles.success}>
            <CheckmarkCircleFilled /> Signed in as <b>{identityWords(phase.connection)}</b>
          </p>
          <StatusLight light="green" label={phase.connection.status_message} />
        </div>
      );
  }
}

const cancelled: ApiError = {
  code: "sign_in_cancelled",
  message: "the sign-in was stopped before it was finished",
  hint: "start it again when you are ready",
  detail: null,
  request_id: null,
  service_code: null,
};

function Waiting({ started, onCancel }: { started: SignInStarted; onCancel: () => void }) {
  const [copied, copy] = useCopy();
  const address = started.verification_uri ?? started.authorize_url;
  return (
    <div className={styles.signIn} role="status">
      {started.user_code ? (
        <>
          <p>
            On any device, open <b>{started.verification_uri}</b> and type this code:
          </p>
          <CopyField label="Code" value={started.user_code} large />
        </>
      ) : (
        <p>
          <b>Finish signing in in your browser.</b> A page of your organization's sign-in service was opened
          there; passwords and codes are typed only on that page. When it says you are done, this window goes
          on by itself.
        </p>
      )}
      <div className={styles.waitRow}>
        <Spinner size="tiny" label="Waiting for the sign-in" />
        <span className={styles.muted}>
          runs out <Time iso={started.expires_at} />
        </span>
      </div>
      <div className={styles.buttons}>
        {address ? (
          <>
            <Button icon={<OpenRegular />} onClick={() => void host.openUrl(address)}>
              {started.user_code ? "Open the page here" : "Open the page again"}
            </Button>
            <Link as="button" onClick={() => copy(address)}>
              {copied ? "Copied" : "Copy the link"}
            </Link>
          </>
        ) : null}
        <Button onClick={onCancel}>Cancel</Button>
      </div>
      {address && !started.user_code ? (
        <code className={styles.linkText} data-testid="authorize-url">
          {address}
        </code>
      ) : null}
    </div>
  );
}
