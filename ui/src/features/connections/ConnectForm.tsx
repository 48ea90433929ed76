import { Button, Field, Input, Radio, RadioGroup, Spinner, Switch } from "@fluentui/react-components";
import { type FormEvent, useRef, useState } from "react";
import { type AddressUnderstood, type ApiError, type ConnectionView, change, toApiError } from "@/api";
import { Fault, Page } from "@/design";
import { AddressField } from "./AddressField";
import { ChoiceCards } from "./ChoiceCards";
import { ColourPicker } from "./ColourPicker";
import styles from "./connections.module.css";
import { DatabaseFields } from "./DatabaseFields";
import { DynamicsFields } from "./DynamicsFields";
import {
  type ConnectionForm,
  dynamicsMethods,
  emptyForm,
  formOf,
  missingIn,
  plainAddress,
  saveRequest,
  systemChoices,
} from "./words";

/** A new connection, or one to change. Saving goes on to signing in. */
export function ConnectForm({
  editing,
  clients,
  onSaved,
  onCancel,
}: {
  editing: ConnectionView | null;
  clients: readonly string[];
  onSaved: (connection: ConnectionView, previous: string | null) => void;
  onCancel: () => void;
}) {
  const [form, setForm] = useState<ConnectionForm>(() => (editing ? formOf(editing) : emptyForm));
  const [tried, setTried] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const [saving, setSaving] = useState(false);
  const patch = (part: Partial<ConnectionForm>) => setForm((old) => ({ ...old, ...part }));
  const missing = missingIn(form, editing !== null);
  const isDynamics = form.system === "dataverse";

  // What an address says fills the fields, but never over what the person typed.
  const filled = useRef({ name: "", authority: "" });
  function understood(data: AddressUnderstood) {
    const before = filled.current;
    filled.current = { name: data.name, authority: data.authority };
    setForm((old) => ({
      ...old,
      name: old.name === before.name ? data.name : old.name,
      authority: old.authority === before.authority ? data.authority : old.authority,
      tenant: old.tenant || data.tenant || "",
      clientId: old.clientId || data.client_id || "",
      apiVersion: old.apiVersion || data.api_version || "",
    }));
  }

  async function save(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (missing.length > 0) return;
    setSaving(true);
    setError(null);
    try {
      const saved = await change("connections.save", saveRequest(form, editing?.name ?? null));
      onSaved(saved, editing?.name ?? null);
    } catch (fault) {
      setError(toApiError(fault));
    } finally {
      setSaving(false);
    }
  }

  return (
    <Page scroll title={editing ? `Edit ${editing.name}` : "Connect"}>
      <form className={styles.form} onSubmit={save} noValidate>
        {editing ? null : (
          <fieldset className={styles.group}>
            <legend>What to connect to</legend>
            <ChoiceCards
              name="system"
              value={form.system}
              onChange={(system) => patch({ system })}
              options={systemChoices.map(({ system, title, text }) => ({ value: system, title, text }))}
            />
          </fieldset>
        )}
        <fieldset className={styles.group}>
          <legend>Where it is</legend>
          {isDynamics ? (
            <AddressField
              value={form.address}
              onChange={(address) => patch({ address })}
              onUnderstood={understood}
            />
          ) : form.system === "postgres" ? (
            <DatabaseFields
              value={form.database}
              onChange={(database) => patch({ database })}
              secret={form.secret}
              onSecret={(secret) => patch({ secret })}
              editing={editing !== null}
            />
          ) : (
            <Field required {...plainAddress(form.system)}>
              <Input
                value={form.address}
                spellCheck={false}
                onChange={(_, { value }) => patch({ address: value })}
              />
            </Field>
          )}
        </fieldset>
        {isDynamics ? (
          <fieldset className={styles.group}>
            <legend>How to sign in</legend>
            <ChoiceCards
              name="auth"
              value={form.auth}
              onChange={(auth) => patch({ auth })}
              options={dynamicsMethods.map(({ method, title, when }) => ({
                value: method,
                title,
                text: when,
              }))}
            />
            <DynamicsFields form={form} patch={patch} editing={editing !== null} />
          </fieldset>
        ) : null}
        {form.system === "insider" ? (
          <fieldset className={styles.group}>
            <legend>Access</legend>
            <div className={styles.two}>
              <Field label="Partner name" required hint="The account's name at Insider One">
                <Input value={form.partner} onChange={(_, { value }) => patch({ partner: value })} />
              </Field>
              <Field
                label="Request token"
                required={!editing}
                hint={
                  editing ? "Leave empty to keep the one in the keychain" : "Kept in this computer's keychain"
                }
              >
                <Input
                  type="password"
                  autoComplete="off"
                  value={form.secret}
                  onChange={(_, { value }) => patch({ secret: value })}
                />
              </Field>
            </div>
          </fieldset>
        ) : null}
        <fieldset className={styles.group}>
          <legend>How to know it, and how careful to be</legend>
          <div className={styles.two}>
            <Field label="Name" required>
              <Input value={form.name} maxLength={64} onChange={(_, { value }) => patch({ name: value })} />
            </Field>
            <Field
              label="Client"
              hint="Connections of one client are shown together and never mixed with others"
            >
              <Input
                list="known-clients"
                value={form.client}
                onChange={(_, { value }) => patch({ client: value })}
              />
            </Field>
            <datalist id="known-clients">
              {clients.map((client) => (
                <option key={client} value={client} />
              ))}
            </datalist>
            <Field label="Kind">
              <RadioGroup
                layout="horizontal"
                value={form.kind}
                onChange={(_, { value }) => patch({ kind: value as ConnectionForm["kind"] })}
              >
                <Radio value="production" label="Production" />
                <Radio value="sandbox" label="Sandbox" />
                <Radio value="development" label="Development" />
              </RadioGroup>
            </Field>
            <ColourPicker value={form.colour} onChange={(colour) => patch({ colour })} />
          </div>
          <Switch
            checked={form.writable}
            onChange={(_, { checked }) => patch({ writable: checked })}
            label={
              form.writable
                ? "Writing is allowed. Runs and changes by hand may change records there."
                : "Read-only. Nothing is written there until you unlock it, for a while or for good."
            }
          />
        </fieldset>
        {error ? <Fault fault={error} /> : null}
        <div className={styles.foot}>
          <Button
            type="submit"
            appearance="primary"
            disabled={saving}
            icon={saving ? <Spinner size="extra-tiny" /> : undefined}
          >
            {form.system === "dataverse" ? "Save and sign in" : "Save and test"}
          </Button>
          <Button onClick={onCancel}>Cancel</Button>
          {tried && missing.length > 0 ? (
            <span role="alert" className={styles.muted}>
              Still missing: {missing.join(", ")}.
            </span>
          ) : null}
        </div>
      </form>
    </Page>
  );
}
