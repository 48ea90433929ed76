import {
  Dialog,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Input,
  Radio,
  RadioGroup,
} from "@fluentui/react-components";
import { useState } from "react";
import { type ConnectionView, change, type Forgotten, toApiError } from "@/api";
import { Confirm } from "@/design";
import { counted } from "@/lib/numbers";
import styles from "./connections.module.css";
import { SignIn } from "./SignIn";

/** Signing in again, over whatever is in sight. */
export function SignInDialog({
  connection,
  onClose,
  onDone,
}: {
  connection: ConnectionView;
  onClose: () => void;
  onDone: () => void;
}) {
  return (
    <Dialog open modalType="modal" onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>Sign in to {connection.name}</DialogTitle>
          <DialogContent>
            <SignIn connection={connection} onDone={onDone} onCancel={onClose} />
          </DialogContent>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

/** Allows writing, for a while or for good; says what that allows. */
export function UnlockDialog({ connection, onClose }: { connection: ConnectionView; onClose: () => void }) {
  const [time, setTime] = useState("60");
  const [typed, setTyped] = useState("");
  const production = connection.kind === "production";
  return (
    <Confirm
      open
      onClose={onClose}
      danger={production}
      title={`Allow writing to ${connection.name}?`}
      action={
        time === "always"
          ? "Allow until switched off"
          : `Allow for ${time === "480" ? "8 hours" : `${time} minutes`}`
      }
      disabled={production && typed.trim() !== connection.name}
      toFault={toApiError}
      onConfirm={async () => {
        await change("connections.unlock", {
          connection: connection.name,
          minutes: time === "always" ? undefined : Number(time),
        });
      }}
    >
      <div className={styles.dialogStack}>
        <p>
          Runs to <b>{connection.name}</b> and changes by hand may then create and change records there
          {connection.identity?.user_name ? <> as {connection.identity.user_name}</> : null}. Nothing is
          written by this step itself.
          {production
            ? " This is a production environment; each run still asks for the number of records."
            : ""}
        </p>
        <RadioGroup value={time} onChange={(_, { value }) => setTime(value)} aria-label="For how long">
          <Radio value="15" label="For 15 minutes" />
          <Radio value="60" label="For 60 minutes" />
          <Radio value="480" label="For 8 hours" />
          <Radio value="always" label="Until I switch it off" />
        </RadioGroup>
        {production ? (
          <Field label={`Type ${connection.name} to go on`}>
            <Input value={typed} onChange={(_, { value }) => setTyped(value)} autoComplete="off" />
          </Field>
        ) : null}
      </div>
    </Confirm>
  );
}

/** Forgets a connection: what goes with it, and afterwards what went. */
export function ForgetDialog({
  connection,
  onClose,
  onForgotten,
}: {
  connection: ConnectionView;
  onClose: () => void;
  onForgotten: (forgotten: Forgotten) => void;
}) {
  return (
    <Confirm
      open
      danger
      onClose={onClose}
      title={`Forget ${connection.name}?`}
      action="Forget it"
      toFault={toApiError}
      onConfirm={async () => onForgotten(await change("connections.forget", { connection: connection.name }))}
    >
      <div className={styles.dialogStack}>
        <p>
          This removes from this computer: its tokens and secrets,{" "}
          {counted(connection.cached_records, "cached record")}, and the previews and runs that used it.
          Nothing is changed in {connection.url}.
        </p>
        <p>It can't be undone.</p>
      </div>
    </Confirm>
  );
}

/** What went, in a sentence. */
export function forgottenWords(name: string, gone: Forgotten): string {
  return `${name} is forgotten: ${counted(gone.secrets, "secret")}, ${counted(gone.records, "record")} of ${counted(gone.entities, "entity", "entities")}, ${counted(gone.plans, "preview")}, ${counted(gone.runs, "run")} removed.`;
}
