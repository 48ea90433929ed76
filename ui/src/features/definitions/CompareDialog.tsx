import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Dropdown,
  Field,
  Option,
} from "@fluentui/react-components";
import { useMemo, useState } from "react";
import { type ApiError, call, type SyncDefinition, toApiError, useRead } from "@/api";
import { Empty, Fault, Mark, Segmented } from "@/design";
import { host } from "@/host";
import { counted } from "@/lib/numbers";
import { compareDefinitions, type Difference, inOneLine } from "./compare";
import compareStyles from "./compare.module.css";
import styles from "./definitions.module.css";
import { toJson } from "./model";
import { TextCompare } from "./TextCompare";

interface Side {
  name: string;
  definition: SyncDefinition;
}

const kindWords = { added: "added", removed: "removed", changed: "changed", moved: "order" } as const;
const tones = { added: "success", removed: "danger", changed: "warning", moved: "neutral" } as const;

/** Two definitions side by side: what differs in meaning, or the texts line by line. */
export function CompareDialog({ mine, onClose }: { mine: Side; onClose: () => void }) {
  const list = useRead("definitions.list", {});
  const [other, setOther] = useState<Side | null>(null);
  const [look, setLook] = useState<"meaning" | "text">("meaning");
  const [fault, setFault] = useState<ApiError | null>(null);
  const found = useMemo(
    () => (other ? compareDefinitions(other.definition, mine.definition) : []),
    [other, mine.definition],
  );
  const others = (list.data ?? []).map(({ name, definition }) => ({ name, definition }));
  async function fromFile() {
    setFault(null);
    try {
      const file = await host.openTextDialog({ title: "Compare with a definition", extensions: ["json"] });
      if (!file) return;
      const check = await call("definitions.check", { json: file.text });
      if (check.definition) setOther({ name: file.name, definition: check.definition });
      else
        setFault({
          code: "definition_invalid",
          message: `${file.name} is no definition: ${check.problems[0]?.message ?? "it can't be read"}`,
          hint: check.problems[0]?.hint ?? null,
          detail: null,
          request_id: null,
          service_code: null,
        });
    } catch (error) {
      setFault(toApiError(error));
    }
  }
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface aria-label="Compare two definitions" style={{ maxWidth: 980 }}>
        <DialogBody>
          <DialogTitle>Compare “{mine.name}”</DialogTitle>
          <DialogContent>
            <div className={compareStyles.compareHead}>
              <Field label="With">
                <Dropdown
                  placeholder="Another definition, or as it is saved"
                  value={other?.name ?? ""}
                  selectedOptions={other ? [other.name] : []}
                  onOptionSelect={(_, { optionValue }) =>
                    setOther(others.find(({ name }) => name === optionValue) ?? null)
                  }
                >
                  {others.map(({ name }) => (
                    <Option key={name} value={name} text={name}>
                      {name === mine.name ? `${name} (as it is saved)` : name}
                    </Option>
                  ))}
                </Dropdown>
              </Field>
              <Button onClick={() => void fromFile()}>A file…</Button>
              <Segmented
                label="How they are compared"
                value={look}
                onChange={setLook}
                options={[
                  { value: "meaning", label: "By meaning" },
                  { value: "text", label: "As text" },
                ]}
              />
            </div>
            {fault ? <Fault fault={fault} onDismiss={() => setFault(null)} /> : null}
            {!other ? (
              <Empty title="Choose what to compare with">
                The order of keys and white space don't count; lines are matched by their target.
              </Empty>
            ) : look === "text" ? (
              <TextCompare
                before={{ title: other.name, text: toJson(other.definition) }}
                after={{ title: mine.name, text: toJson(mine.definition) }}
              />
            ) : found.length === 0 ? (
              <Empty title="They mean the same" />
            ) : (
              <Differences found={found} before={other.name} after={mine.name} />
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

function Differences({
  found,
  before,
  after,
}: {
  found: readonly Difference[];
  before: string;
  after: string;
}) {
  return (
    <>
      <p className={styles.muted} role="status">
        {counted(found.length, "difference")}
      </p>
      <div className={compareStyles.compareFrame}>
        <table className={compareStyles.compare}>
          <thead>
            <tr>
              <th scope="col">Part</th>
              <th scope="col">What</th>
              <th scope="col">{before}</th>
              <th scope="col">{after}</th>
            </tr>
          </thead>
          <tbody>
            {found.map(({ part, what, kind, before: old, after: now }, index) => (
              <tr key={`${part}${what}${index}`}>
                <td>{part}</td>
                <td>
                  {what} <Mark tone={tones[kind]}>{kindWords[kind]}</Mark>
                </td>
                <td className={kind === "added" ? styles.muted : undefined}>
                  {kind === "added" ? "–" : inOneLine(old)}
                </td>
                <td className={kind === "removed" ? styles.muted : undefined}>
                  {kind === "removed" ? "–" : inOneLine(now)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
