import {
  Accordion,
  AccordionHeader,
  AccordionItem,
  AccordionPanel,
  Field,
  Input,
  Textarea,
} from "@fluentui/react-components";
import styles from "./connections.module.css";
import { RegistrationHelp } from "./RegistrationHelp";
import type { ConnectionForm } from "./words";

/** What signing in to Dynamics needs, by way of signing in. */
export function DynamicsFields({
  form,
  patch,
  editing,
}: {
  form: ConnectionForm;
  patch: (part: Partial<ConnectionForm>) => void;
  editing: boolean;
}) {
  const token = form.auth === "access-token";
  const secret = form.auth === "client-credentials";
  const keep = editing
    ? "Leave empty to keep the one in the keychain"
    : "Kept in this computer's keychain, never on disk";
  return (
    <>
      {token ? (
        <Field label="Access token" required={!editing} hint={keep}>
          <Textarea
            value={form.secret}
            rows={3}
            spellCheck={false}
            autoComplete="off"
            onChange={(_, { value }) => patch({ secret: value })}
          />
        </Field>
      ) : (
        <div className={styles.two}>
          <Field label="Application (client) ID" required hint="Or client_id@tenant_id in one">
            <Input
              value={form.clientId}
              spellCheck={false}
              autoComplete="off"
              onChange={(_, { value }) => patch({ clientId: value })}
            />
          </Field>
          <Field label="Directory (tenant) ID or domain" hint="Empty: found from the environment">
            <Input
              value={form.tenant}
              spellCheck={false}
              autoComplete="off"
              onChange={(_, { value }) => patch({ tenant: value })}
            />
          </Field>
          {secret ? (
            <>
              <Field label="Client secret" required={!editing} hint={keep}>
                <Input
                  type="password"
                  autoComplete="off"
                  value={form.secret}
                  onChange={(_, { value }) => patch({ secret: value })}
                />
              </Field>
              <Field label="The secret ends on" hint="You are warned before it does">
                <Input
                  type="date"
                  value={form.secretExpires}
                  onChange={(_, { value }) => patch({ secretExpires: value })}
                />
              </Field>
            </>
          ) : null}
        </div>
      )}
      {token ? null : (
        <RegistrationHelp auth={form.auth} resource={/^https?:\/\//.test(form.address) ? form.address : ""} />
      )}
      <Accordion collapsible className={styles.help}>
        <AccordionItem value="more">
          <AccordionHeader size="small">Sign-in service, scopes, API version</AccordionHeader>
          <AccordionPanel>
            <div className={styles.two}>
              <Field label="Sign-in service" hint="Its root; the tenant is appended">
                <Input
                  value={form.authority}
                  spellCheck={false}
                  placeholder="https://login.microsoftonline.com"
                  onChange={(_, { value }) => patch({ authority: value })}
                />
              </Field>
              <Field label="Web API version">
                <Input
                  value={form.apiVersion}
                  placeholder="v9.2"
                  onChange={(_, { value }) => patch({ apiVersion: value })}
                />
              </Field>
              <Field label="Scopes" hint="Separated by spaces; empty: derived from the address">
                <Input
                  value={form.scopes}
                  spellCheck={false}
                  onChange={(_, { value }) => patch({ scopes: value })}
                />
              </Field>
            </div>
          </AccordionPanel>
        </AccordionItem>
      </Accordion>
    </>
  );
}
