import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from "@fluentui/react-components";
import { useEffect, useState } from "react";
import { useRead } from "@/api";
import { CodeEditor } from "@/design";
import styles from "./records.module.css";

/** The filter as FetchXML, checked against the entity as one types. */
export function FilterText({
  connection,
  entity,
  initial,
  onSave,
  onClose,
}: {
  connection: string;
  entity: string;
  initial: string;
  onSave: (filter: string) => void;
  onClose: () => void;
}) {
  const [text, setText] = useState(initial);
  const [asked, setAsked] = useState(initial);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), 300);
    return () => clearTimeout(timer);
  }, [text]);
  const empty = asked.trim() === "";
  const check = useRead(
    "filters.check",
    { connection, entity, filter: asked },
    { enabled: !empty, keep: true },
  );
  const problems = empty ? [] : (check.data?.problems ?? []);
  const settled = asked === text && !check.isFetching;
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface style={{ maxWidth: 720 }}>
        <DialogBody>
          <DialogTitle>Filter as FetchXML</DialogTitle>
          <DialogContent>
            <div className={styles.stack}>
              <CodeEditor
                label="FetchXML filter"
                language="xml"
                height="240px"
                value={text}
                onChange={setText}
                placeholder={
                  '<filter type="or">…</filter> or one <condition attribute="statecode" operator="eq" value="0" />'
                }
                problems={problems.map(({ message }) => ({ severity: "error" as const, message }))}
              />
              <div role="status">
                {check.error ? <p>{check.error.message}</p> : null}
                {problems.map((problem) => (
                  <p
                    key={`${problem.path}${problem.message}`}
                    style={{ color: "var(--colorStatusDangerForeground1)" }}
                  >
                    {problem.message}
                    {problem.hint ? <span className={styles.muted}> – {problem.hint}</span> : null}
                  </p>
                ))}
                {!empty && settled && check.data?.valid ? (
                  <p className={styles.muted}>The filter fits {entity}.</p>
                ) : null}
                {empty ? <p className={styles.muted}>No filter: all records.</p> : null}
              </div>
            </div>
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              appearance="primary"
              disabled={!settled || problems.length > 0}
              onClick={() => onSave(text.trim())}
            >
              Use this filter
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
