import { Button, Field, Input } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { type ApiError, call, type QueryOpened, toApiError } from "@/api";
import { Fault, Page, Section } from "@/design";
import { Library, newDraft, QueryView } from "@/features/query";
import { nav } from "./nav";
import { openQuery } from "./openQuery";
import styles from "./shell.module.css";

/** Where queries begin: a new one, saved ones, history, views, and links from others. */
export function QueriesRoute({ connection }: { connection: string }) {
  return (
    <Page
      title="Query"
      actions={
        <Button
          appearance="primary"
          size="small"
          icon={<AddRegular />}
          onClick={() => void openQuery(connection)}
        >
          New query
        </Button>
      }
      scroll
    >
      <div className={styles.queries}>
        <Library connection={connection} onOpen={(draft) => void openQuery(connection, draft)} />
        <OpenLink connection={connection} />
      </div>
    </Page>
  );
}

function OpenLink({ connection }: { connection: string }) {
  const [link, setLink] = useState("");
  const [found, setFound] = useState<QueryOpened | null>(null);
  const [fault, setFault] = useState<ApiError | null>(null);
  async function read() {
    setFault(null);
    try {
      const opened = await call("queries.open_link", { link });
      const { connections, language, text, name } = opened;
      if (connections.includes(connection)) await openQuery(connection, newDraft(text, language, name));
      else setFound(opened);
    } catch (error) {
      setFault(toApiError(error));
    }
  }
  return (
    <Section title="Open a link to a query">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void read();
        }}
      >
        <Field label="Link" hint="A link that somebody copied from Syncline: syncline://query?…">
          <Input
            value={link}
            onChange={(_, { value }) => {
              setLink(value);
              setFound(null);
            }}
            input={{ dir: "ltr" }}
          />
        </Field>
        <Button type="submit" size="small" disabled={link.trim() === ""} style={{ marginTop: 8 }}>
          Open
        </Button>
      </form>
      {fault ? <Fault fault={fault} onDismiss={() => setFault(null)} /> : null}
      {found ? (
        <div role="status">
          <p>
            The query was made for <bdi dir="ltr">{found.url || "an unknown environment"}</bdi>, which is not
            the environment of {connection}.
          </p>
          {found.connections.map((name) => (
            <Button
              key={name}
              size="small"
              onClick={() => {
                nav.switchTo(name, { at: "queries" });
                void openQuery(name, newDraft(found.text, found.language, found.name));
              }}
            >
              Open it with {name}
            </Button>
          ))}
          <Button
            size="small"
            onClick={() => void openQuery(connection, newDraft(found.text, found.language, found.name))}
          >
            Open it here all the same
          </Button>
        </div>
      ) : null}
    </Section>
  );
}

export function QueryRoute({ connection, id }: { connection: string; id: string }) {
  return (
    <QueryView
      key={`${connection}/${id}`}
      connection={connection}
      id={id}
      onOpenRecord={(entity, record) => nav.go({ at: "entity", entity, tab: "records", record })}
      onOpenEntity={(entity) => nav.go({ at: "entity", entity, tab: "records" })}
      onOpenDraft={(draft) => void openQuery(connection, draft)}
    />
  );
}
