import { Button } from "@fluentui/react-components";
import { useState } from "react";
import { useRead } from "@/api";
import { Fault, Segmented, sentence, useCopy } from "@/design";
import styles from "./schedules.module.css";

/** The same schedule for the machine's own schedulers, written out for the command. */
export function Texts({ name }: { name: string }) {
  const texts = useRead("schedules.texts", { name });
  const [form, setForm] = useState("systemd");
  if (texts.error) return <Fault fault={texts.error} onRetry={() => void texts.refetch()} />;
  if (!texts.data) return null;
  const shown = texts.data.find((one) => one.form === form);
  return (
    <div className={styles.texts}>
      <Segmented
        label="Scheduler"
        value={form}
        onChange={setForm}
        options={texts.data.map((one) => ({ value: one.form, label: one.title }))}
      />
      {shown?.problem ? <p className={styles.problem}>{sentence(shown.problem)}</p> : null}
      {shown?.files.map((file) => (
        <File key={file.name} name={file.name} text={file.text} />
      ))}
      {shown && !shown.problem ? <p className={styles.muted}>{shown.note}</p> : null}
    </div>
  );
}

function File({ name, text }: { name: string; text: string }) {
  const [copied, copy] = useCopy();
  return (
    <section aria-label={name}>
      <div className={styles.fileHead}>
        <code>{name}</code>
        <Button size="small" appearance="subtle" onClick={() => copy(text)} aria-label={`Copy ${name}`}>
          {copied ? "Copied" : "Copy"}
        </Button>
      </div>
      <pre>{text}</pre>
    </section>
  );
}
