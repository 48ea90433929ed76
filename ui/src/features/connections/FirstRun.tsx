import { Button, Spinner } from "@fluentui/react-components";
import { BeakerRegular, PlugConnectedRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { type ApiError, change, type SampleTenant, toApiError } from "@/api";
import { Fault } from "@/design";
import styles from "./connections.module.css";

/** The first start: two ways in. */
export function FirstRun({
  onSample,
  onConnect,
}: {
  onSample: (sample: SampleTenant) => void;
  onConnect: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  async function start() {
    setBusy(true);
    setError(null);
    try {
      onSample(await change("sample.start", {}));
    } catch (fault) {
      setError(toApiError(fault));
    } finally {
      setBusy(false);
    }
  }
  return (
    <div style={{ padding: "0 24px 32px", height: "100%", overflow: "auto" }}>
      <div className={styles.heroHead}>
        <h1>Welcome to Syncline</h1>
        <p>
          Syncline signs in to a Dynamics 365 environment from this computer, keeps what you pulled in an
          encrypted store you can search without a network, and shows each change to another system before it
          is made.
        </p>
      </div>
      <div className={styles.firstRun}>
        <article className={styles.heroCard}>
          <span className={styles.heroIcon} aria-hidden>
            <BeakerRegular />
          </span>
          <h2>Explore the sample tenant</h2>
          <p>
            A whole tenant on this computer that speaks the real protocols: accounts and contacts as untidy as
            real ones, a marketing system to send them to. No account needed, nothing leaves this machine.
          </p>
          <Button
            appearance="primary"
            size="large"
            onClick={() => void start()}
            disabled={busy}
            icon={busy ? <Spinner size="tiny" /> : undefined}
          >
            {busy ? "Starting the sample tenant…" : "Explore the sample tenant"}
          </Button>
        </article>
        <article className={styles.heroCard}>
          <span className={styles.heroIcon} aria-hidden>
            <PlugConnectedRegular />
          </span>
          <h2>Connect to Dynamics</h2>
          <p>
            Sign in to your own environment in the browser, as you always do. The connection is read-only
            until you say otherwise, and its tokens stay in this computer's keychain.
          </p>
          <Button size="large" onClick={onConnect}>
            Connect to Dynamics
          </Button>
        </article>
      </div>
      {error ? (
        <div style={{ maxWidth: 880, margin: "16px auto 0" }}>
          <Fault fault={error} onRetry={() => void start()} />
        </div>
      ) : null}
    </div>
  );
}
