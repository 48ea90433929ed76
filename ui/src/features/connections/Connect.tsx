import { Button } from "@fluentui/react-components";
import { useState } from "react";
import { type ConnectionView, isBrowsable, isDatabase, statusLights, useRead } from "@/api";
import { Page, Section, Skeleton, StatusLight } from "@/design";
import { ConnectForm } from "./ConnectForm";
import styles from "./connections.module.css";
import { Environments } from "./Environments";
import { SignIn } from "./SignIn";
import { identityWords, statusSentence } from "./words";

/** Connecting from end to end: the form, the sign-in, what came of it. */
export function Connect({
  edit,
  onOpen,
  onLeave,
  onRenamed,
}: {
  edit?: string;
  onOpen: (connection: ConnectionView) => void;
  onLeave: () => void;
  onRenamed: (from: string, to: string) => void;
}) {
  const all = useRead("connections.list", {});
  const [saved, setSaved] = useState<ConnectionView | null>(null);
  const [back, setBack] = useState<ConnectionView | null>(null);
  const [ready, setReady] = useState<ConnectionView | null>(null);
  const connections = all.data ?? [];
  const clients = [...new Set(connections.map((connection) => connection.client ?? "").filter(Boolean))];

  if (ready) return <Ready connection={ready} onOpen={onOpen} onLeave={onLeave} />;
  if (saved)
    return (
      <Page scroll title={`Sign in to ${saved.name}`}>
        <SignIn
          connection={saved}
          onDone={setReady}
          onCancel={() => {
            setBack(saved);
            setSaved(null);
          }}
        />
      </Page>
    );
  if (edit && !all.data) return <Skeleton />;
  const editing = back ?? connections.find((connection) => connection.name === edit) ?? null;
  return (
    <ConnectForm
      key={editing?.id ?? "new"}
      editing={editing}
      clients={clients}
      onCancel={onLeave}
      onSaved={(connection, previous) => {
        if (previous && previous !== connection.name) onRenamed(previous, connection.name);
        setSaved(connection);
      }}
    />
  );
}

function Ready({
  connection,
  onOpen,
  onLeave,
}: {
  connection: ConnectionView;
  onOpen: (connection: ConnectionView) => void;
  onLeave: () => void;
}) {
  const { light } = statusLights[connection.status];
  return (
    <Page
      scroll
      title={connection.name}
      actions={
        <>
          <Button onClick={onLeave}>All connections</Button>
          {isBrowsable(connection) ? (
            <Button appearance="primary" onClick={() => onOpen(connection)}>
              Browse {connection.name}
            </Button>
          ) : null}
        </>
      }
    >
      <div className={styles.form}>
        <Section title="It works">
          <dl className={styles.facts}>
            <dt>Status</dt>
            <dd>
              <StatusLight light={light} label={statusSentence(connection)} />
            </dd>
            <dt>
              {connection.system === "sqlite"
                ? "Read with"
                : isDatabase(connection)
                  ? "User"
                  : "Signed in as"}
            </dt>
            <dd>{identityWords(connection)}</dd>
            {connection.identity?.organization_id ? (
              <>
                <dt>{isDatabase(connection) ? "Database" : "Organization"}</dt>
                <dd>
                  <code>{connection.identity.organization_id}</code>
                </dd>
              </>
            ) : null}
            {connection.identity?.tenant_id ? (
              <>
                <dt>Tenant</dt>
                <dd>
                  <code>{connection.identity.tenant_id}</code>
                </dd>
              </>
            ) : null}
            <dt>Address</dt>
            <dd>{connection.url}</dd>
          </dl>
        </Section>
        {connection.system === "dataverse" ? <Environments connection={connection} /> : null}
      </div>
    </Page>
  );
}
