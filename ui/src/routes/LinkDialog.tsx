import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from "@fluentui/react-components";
import { useEffect } from "react";
import { type ConnectionView, isBrowsable, useRead } from "@/api";
import { Fault, Skeleton } from "@/design";
import { newDraft } from "@/features/query";
import { nav } from "./nav";
import { openQuery } from "./openQuery";
import styles from "./shell.module.css";

/** A link to a query that the operating system handed over: opened at once where it is clear with which connection, else asked. */
export function LinkDialog({
  link,
  connections,
  current,
  onClose,
}: {
  link: string;
  connections: readonly ConnectionView[];
  current: string | null;
  onClose: () => void;
}) {
  const opened = useRead("queries.open_link", { link });
  const found = opened.data;
  const fitting = found?.connections ?? [];
  const sure =
    current !== null && fitting.includes(current) ? current : fitting.length === 1 ? fitting[0] : undefined;
  const all = connections.filter(isBrowsable).map(({ name }) => name);
  const openWith = (name: string) => {
    if (!found) return;
    onClose();
    nav.switchTo(name, { at: "queries" });
    void openQuery(name, newDraft(found.text, found.language, found.name));
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: it opens once, when it is known with what
  useEffect(() => {
    if (sure !== undefined) openWith(sure);
  }, [sure]);
  if (sure !== undefined) return null;
  const offered = fitting.length > 0 ? fitting : all;
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface style={{ maxWidth: 560 }}>
        <DialogBody>
          <DialogTitle>Open the link to a query</DialogTitle>
          <DialogContent>
            {opened.error ? <Fault fault={opened.error} /> : null}
            {opened.isPending && !opened.error ? <Skeleton rows={2} label="Reading the link" /> : null}
            {found ? (
              <>
                <p>
                  {found.name ? (
                    <>
                      <b>{found.name}</b>{" "}
                    </>
                  ) : (
                    "The query "
                  )}
                  was made for <bdi dir="ltr">{found.url || "an unknown environment"}</bdi>.{" "}
                  {fitting.length > 0
                    ? "Several connections lead there."
                    : offered.length > 0
                      ? "No connection leads there; it may be opened with another one. Nothing is run by that."
                      : "There is no connection to open it with yet."}
                </p>
                <div className={styles.linkChoices}>
                  {offered.map((name) => (
                    <Button key={name} size="small" onClick={() => openWith(name)}>
                      Open with {name}
                    </Button>
                  ))}
                </div>
              </>
            ) : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Close</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
