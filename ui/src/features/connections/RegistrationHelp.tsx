import { Accordion, AccordionHeader, AccordionItem, AccordionPanel } from "@fluentui/react-components";
import type { AuthMethod } from "@/api";
import { CopyField } from "@/design";
import styles from "./connections.module.css";

/** How to register the application in Entra, with each value to copy. */
export function RegistrationHelp({ auth, resource }: { auth: AuthMethod; resource: string }) {
  const asApp = auth === "client-credentials";
  return (
    <Accordion collapsible className={styles.help}>
      <AccordionItem value="help">
        <AccordionHeader size="small">No client id yet? How to register an application</AccordionHeader>
        <AccordionPanel>
          <ol className={styles.steps}>
            <li>
              In the Entra admin center, open <b>App registrations → New registration</b>. Name it as you
              like; accounts <b>in this directory only</b>.
            </li>
            {asApp ? (
              <>
                <li>
                  Under <b>Certificates &amp; secrets</b>, make a client secret and copy its <b>value</b>, not
                  its id. Note when it ends.
                </li>
                <li>
                  In the Power Platform admin center, open the environment's{" "}
                  <b>Settings → Users → Application users</b>, add the application and give it a security
                  role.
                </li>
              </>
            ) : (
              <>
                <li>
                  Under <b>Authentication → Add a platform → Mobile and desktop applications</b>, add this
                  redirect address (any port is allowed):
                  <CopyField label="Redirect URI" value="http://localhost" />
                </li>
                <li>
                  Under <b>Authentication</b>, set <b>Allow public client flows</b> to <b>Yes</b>.
                </li>
                <li>
                  Under <b>API permissions → Add → Dynamics CRM → Delegated</b>, choose this permission; if
                  your organization asks for it, let an administrator grant consent:
                  <CopyField label="Permission" value="user_impersonation" />
                </li>
              </>
            )}
            <li>
              From <b>Overview</b>, copy the <b>Application (client) ID</b> and the{" "}
              <b>Directory (tenant) ID</b> into the fields above.
            </li>
          </ol>
          {resource ? (
            <CopyField label="Scope that will be asked for" value={`${resource}/.default`} />
          ) : null}
        </AccordionPanel>
      </AccordionItem>
    </Accordion>
  );
}
