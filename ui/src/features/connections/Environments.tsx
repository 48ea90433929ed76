import { Button } from "@fluentui/react-components";
import { useState } from "react";
import { type ApiError, type ConnectionView, change, type EnvironmentView, toApiError, useRead } from "@/api";
import { Fault, Mark, Name, Section, Skeleton, sentence } from "@/design";
import styles from "./connections.module.css";

/** Other environments the signed-in person may use; one click makes a connection like this one. */
export function Environments({ connection }: { connection: ConnectionView }) {
  const found = useRead("connections.environments", { connection: connection.name });
  const [made, setMade] = useState<readonly string[]>([]);
  const [error, setError] = useState<ApiError | null>(null);

  async function add(environment: EnvironmentView) {
    setError(null);
    try {
      await change("connections.save", {
        name:
          environment.name
            .replaceAll(/[^\p{L}\p{N}\-_. ]/gu, " ")
            .trim()
            .slice(0, 64) || environment.unique_name,
        create: true,
        system: "dataverse",
        url: environment.url,
        auth: connection.auth,
        authority: connection.authority,
        tenant: connection.tenant ?? undefined,
        client_id: connection.client_id ?? undefined,
        client: connection.client ?? undefined,
        kind: /prod/i.test(environment.purpose ?? "") ? "production" : "sandbox",
      });
      setMade((old) => [...old, environment.url]);
    } catch (fault) {
      setError(toApiError(fault));
    }
  }

  return (
    <Section title="Environments you may use">
      {found.isPending ? <Skeleton rows={3} label="Looking for environments" /> : null}
      {found.error?.code === "not_found" ? (
        <p className={styles.muted}>
          {sentence(found.error.message)} {found.error.hint ? sentence(found.error.hint) : ""}
        </p>
      ) : found.error ? (
        <Fault fault={found.error} onRetry={() => found.refetch()} />
      ) : null}
      {error ? <Fault fault={error} onDismiss={() => setError(null)} /> : null}
      {found.data?.length === 0 ? (
        <p className={styles.muted}>The discovery service names no other environment for this sign-in.</p>
      ) : null}
      {found.data && found.data.length > 0 ? (
        <div className={styles.envs}>
          {found.data.map((environment) => {
            const known =
              environment.connection ?? (made.includes(environment.url) ? environment.name : null);
            return (
              <div key={environment.url} className={styles.env}>
                <div>
                  <Name text={environment.name} strong />{" "}
                  {environment.purpose ? <Mark>{environment.purpose}</Mark> : null}
                  <div className={styles.muted}>
                    <Name
                      text={[environment.url, environment.region, environment.version]
                        .filter(Boolean)
                        .join(" · ")}
                    />
                  </div>
                </div>
                {known ? (
                  <span className={styles.muted}>
                    {known === connection.name ? "this one" : `connected as ${known}`}
                  </span>
                ) : (
                  <Button
                    size="small"
                    onClick={() => void add(environment)}
                    aria-label={`Connect to ${environment.name}`}
                  >
                    Connect
                  </Button>
                )}
              </div>
            );
          })}
        </div>
      ) : null}
    </Section>
  );
}
