import { Field, Input, Spinner } from "@fluentui/react-components";
import { useEffect, useState } from "react";
import { type AddressUnderstood, useRead } from "@/api";
import { sentence } from "@/design";
import styles from "./connections.module.css";

/** One field for an address in any form; beneath it, how it was understood. */
export function AddressField({
  value,
  onChange,
  onUnderstood,
}: {
  value: string;
  onChange: (value: string) => void;
  onUnderstood: (understood: AddressUnderstood) => void;
}) {
  const [asked, setAsked] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(value.trim()), 250);
    return () => clearTimeout(timer);
  }, [value]);
  const { data, error, isFetching } = useRead(
    "connections.understand",
    { text: asked },
    { enabled: asked !== "" },
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: told once for each answer
  useEffect(() => {
    if (data) onUnderstood(data);
  }, [data]);
  return (
    <Field
      label="Address of the environment"
      required
      validationState={value.trim() === "" ? "none" : error ? "warning" : data ? "success" : "none"}
      validationMessage={
        value.trim() === ""
          ? undefined
          : error
            ? [sentence(error.message), error.hint ? sentence(error.hint) : ""].join(" ")
            : data
              ? undefined
              : undefined
      }
      hint={
        value.trim() === ""
          ? "contoso.crm4.dynamics.com, a link to a record, a connection string, or client_id@tenant_id: any of them will do"
          : undefined
      }
    >
      <Input
        value={value}
        placeholder="contoso.crm4.dynamics.com"
        autoFocus
        spellCheck={false}
        autoComplete="off"
        contentAfter={isFetching ? <Spinner size="extra-tiny" aria-label="Reading the address" /> : undefined}
        onChange={(_, next) => onChange(next.value)}
      />
      {data && value.trim() !== "" && !error ? <Understood data={data} /> : null}
    </Field>
  );
}

function Understood({ data }: { data: AddressUnderstood }) {
  return (
    <div className={styles.understood} aria-live="polite">
      <b>{data.url}</b>
      <span>{sentence(data.sentence)}</span>
      <span className={styles.muted}>
        {data.cloud}
        {data.api_version ? ` · Web API ${data.api_version}` : ""}
        {data.tenant ? ` · tenant ${data.tenant}` : ""}
      </span>
    </div>
  );
}
