import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from "@fluentui/react-components";
import { type RecordWrite, useRead } from "@/api";
import { CodeEditor, Fault, Skeleton, useCopy } from "@/design";
import { afterMethod, prettyJson } from "@/lib/prettyJson";
import styles from "./edit.module.css";

/** The request of a change as it would be sent; the token is left out. */
export function RequestDialog({ request, onClose }: { request: RecordWrite; onClose: () => void }) {
  const prepared = useRead("records.prepare", request, { fresh: true });
  const [copied, copy] = useCopy();
  const sent = prepared.data?.request;
  const curl = prepared.data?.curl;
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>What is sent</DialogTitle>
          <DialogContent>
            {prepared.error ? <Fault fault={prepared.error} onRetry={() => void prepared.refetch()} /> : null}
            {prepared.isPending ? <Skeleton rows={6} label="Making the request" /> : null}
            {prepared.data?.faults.map(({ column, error }) => (
              <Fault key={column} fault={error} />
            ))}
            {sent ? (
              <div className={styles.stack}>
                <p className={styles.request}>
                  <strong>{sent.method}</strong> {afterMethod(sent)}
                </p>
                {Object.entries(sent.headers).map(([name, value]) => (
                  <p key={name} className={styles.request}>
                    {name}: {value}
                  </p>
                ))}
                {sent.body ? (
                  <CodeEditor label="The body" language="json" readOnly value={prettyJson(sent.body)} />
                ) : null}
              </div>
            ) : null}
          </DialogContent>
          <DialogActions>
            {curl ? <Button onClick={() => copy(curl)}>{copied ? "Copied" : "Copy as curl"}</Button> : null}
            <Button appearance="primary" onClick={onClose}>
              Close
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
