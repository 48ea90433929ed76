import { Field, Input } from "@fluentui/react-components";
import styles from "./connections.module.css";
import type { DatabaseAddress } from "./database";

/** Where a PostgreSQL database is, and as whom one asks. */
export function DatabaseFields({
  value,
  onChange,
  secret,
  onSecret,
  editing,
}: {
  value: DatabaseAddress;
  onChange: (value: DatabaseAddress) => void;
  secret: string;
  onSecret: (secret: string) => void;
  editing: boolean;
}) {
  const patch = (part: Partial<DatabaseAddress>) => onChange({ ...value, ...part });
  const socket = value.host.trim().startsWith("/");
  return (
    <div className={styles.two}>
      <Field
        label="Server"
        required
        hint="A host's name or address; on this computer also the folder of its socket, such as /run/postgresql"
      >
        <Input value={value.host} spellCheck={false} onChange={(_, data) => patch({ host: data.value })} />
      </Field>
      <Field label="Port" hint="5432 unless the server listens elsewhere">
        <Input
          value={value.port}
          inputMode="numeric"
          onChange={(_, data) => patch({ port: data.value.replace(/\D/g, "") })}
        />
      </Field>
      <Field label="Database" required>
        <Input value={value.name} spellCheck={false} onChange={(_, data) => patch({ name: data.value })} />
      </Field>
      <Field
        label="User"
        required
        hint="Best one of its own, with SELECT, INSERT and UPDATE on the tables that are synced and nothing else"
      >
        <Input
          value={value.user}
          spellCheck={false}
          autoComplete="off"
          onChange={(_, data) => patch({ user: data.value })}
        />
      </Field>
      <Field
        label="Password"
        hint={
          editing
            ? "Leave empty to keep the one in the keychain"
            : "Kept in this computer's keychain. Empty where the server trusts the socket"
        }
      >
        <Input
          type="password"
          autoComplete="off"
          value={secret}
          onChange={(_, data) => onSecret(data.value)}
        />
      </Field>
      {socket ? null : (
        <Field
          label="Certificate authority"
          hint="A PEM file, where the server's certificate comes from an authority of your own. Other computers are reached by TLS only"
        >
          <Input
            value={value.certificate}
            spellCheck={false}
            onChange={(_, data) => patch({ certificate: data.value })}
          />
        </Field>
      )}
    </div>
  );
}
