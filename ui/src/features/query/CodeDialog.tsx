import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from "@fluentui/react-components";
import { CheckmarkRegular, CopyRegular } from "@fluentui/react-icons";
import { type QueryLanguage, useRead } from "@/api";
import { Fault, Skeleton, useCopy } from "@/design";
import styles from "./query.module.css";

/** A query as FetchXML, OData and curl, each with a button that copies it. No token is in any of them. */
export function CodeDialog({
  connection,
  language,
  text,
  onUse,
  onClose,
}: {
  connection: string;
  language: QueryLanguage;
  text: string;
  /** Takes the query in the other language into the editor. */
  onUse?: (language: QueryLanguage, text: string) => void;
  onClose: () => void;
}) {
  const code = useRead("queries.code", { connection, language, text });
  const found = code.data;
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface style={{ maxWidth: 860 }}>
        <DialogBody>
          <DialogTitle>The query as code</DialogTitle>
          <DialogContent>
            {code.error ? (
              <Fault fault={code.error} onRetry={() => void code.refetch()} />
            ) : found ? (
              <div className={styles.codes}>
                {(["fetchxml", "odata"] as const).map((form) => {
                  const words = form === "fetchxml" ? "FetchXML" : "OData";
                  const value = found[form];
                  return value === null ? (
                    <section key={form} aria-label={words}>
                      <h3>{words}</h3>
                      <p className={styles.muted}>There is no exact counterpart:</p>
                      <ul className={styles.reasons}>
                        {found.reasons.map((reason) => (
                          <li key={reason}>{reason}</li>
                        ))}
                      </ul>
                    </section>
                  ) : (
                    <Code
                      key={form}
                      title={words}
                      value={value}
                      use={form === language ? undefined : onUse ? () => onUse(form, value) : undefined}
                    />
                  );
                })}
                {found.notes.length > 0 ? (
                  <ul className={styles.reasons} aria-label="What differs">
                    {found.notes.map((note) => (
                      <li key={note}>{note}</li>
                    ))}
                  </ul>
                ) : null}
                {found.curl ? <Code title="curl" value={found.curl} /> : null}
                {found.url ? <Code title="Address" value={found.url} /> : null}
                <p className={styles.muted}>
                  No credentials are in these texts: curl reads a token from the variable TOKEN.
                </p>
              </div>
            ) : (
              <Skeleton rows={8} label="Converting" />
            )}
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={onClose}>
              Close
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function Code({ title, value, use }: { title: string; value: string; use?: () => void }) {
  const [copied, copy] = useCopy();
  return (
    <section aria-label={title}>
      <div className={styles.codeHead}>
        <h3>{title}</h3>
        {use ? (
          <Button size="small" onClick={use}>
            Edit as {title}
          </Button>
        ) : null}
        <Button
          size="small"
          icon={copied ? <CheckmarkRegular /> : <CopyRegular />}
          aria-label={`Copy ${title}`}
          onClick={() => copy(value)}
        >
          {copied ? "Copied" : "Copy"}
        </Button>
      </div>
      <pre className={styles.code} dir="ltr">
        {value}
      </pre>
    </section>
  );
}
