import { Button, Field, Input, Radio, RadioGroup, Select, Switch } from "@fluentui/react-components";
import { useEffect, useState } from "react";
import { type ApiError, change, type Settings, toApiError, useRead } from "@/api";
import { CopyField, Fault, Kbd, Name, Page, Section, Skeleton, Time } from "@/design";
import { bytes, count } from "@/lib/numbers";
import { shortLocal } from "@/lib/time";
import { RunSettings } from "./Runs";
import styles from "./settings.module.css";

const languages = [
  { tag: "", name: "As the system" },
  { tag: "en-GB", name: "English (UK)" },
  { tag: "en-US", name: "English (US)" },
  { tag: "de-DE", name: "Deutsch" },
  { tag: "fr-FR", name: "Français" },
  { tag: "es-ES", name: "Español" },
  { tag: "it-IT", name: "Italiano" },
  { tag: "nl-NL", name: "Nederlands" },
  { tag: "sv-SE", name: "Svenska" },
  { tag: "pl-PL", name: "Polski" },
  { tag: "tr-TR", name: "Türkçe" },
  { tag: "ar-SA", name: "العربية" },
  { tag: "he-IL", name: "עברית" },
  { tag: "ja-JP", name: "日本語" },
  { tag: "zh-CN", name: "中文" },
];

/** Settings, what is stored where, and every key. */
export function SettingsView({
  language,
  onLanguage,
  onTour,
  shortcuts,
}: {
  language: string;
  onLanguage: (tag: string) => void;
  onTour: () => void;
  shortcuts: readonly { keys: string; what: string }[];
}) {
  const settings = useRead("settings.get", {});
  const about = useRead("app.about", {});
  const cached = useRead("cache.list", {});
  const [draft, setDraft] = useState<Settings | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    if (settings.data) setDraft(settings.data);
  }, [settings.data]);
  async function save(next: Settings) {
    setDraft(next);
    setError(null);
    try {
      await change("settings.set", next);
    } catch (fault) {
      setError(toApiError(fault));
    }
  }
  return (
    <Page scroll title="Settings">
      <div className={styles.columns}>
        <div>
          {settings.error ? <Fault fault={settings.error} onRetry={() => void settings.refetch()} /> : null}
          {error ? <Fault fault={error} onDismiss={() => setError(null)} /> : null}
          <Section title="Look">
            {draft ? (
              <Field label="Theme">
                <RadioGroup
                  layout="horizontal"
                  value={draft.theme || "system"}
                  onChange={(_, { value }) => void save({ ...draft, theme: value })}
                >
                  <Radio value="system" label="As the system" />
                  <Radio value="light" label="Light" />
                  <Radio value="dark" label="Dark" />
                </RadioGroup>
              </Field>
            ) : (
              <Skeleton rows={2} />
            )}
            <Field
              label="Language of dates and numbers"
              hint={`Now: ${shortLocal(new Date().toISOString())}. Times are local; hover shows UTC.`}
            >
              <Select
                value={language}
                onChange={(_, { value }) => onLanguage(value)}
                style={{ maxWidth: 280 }}
              >
                {languages.map(({ tag, name }) => (
                  <option key={tag} value={tag}>
                    {name}
                  </option>
                ))}
              </Select>
            </Field>
            {draft ? (
              <Switch
                checked={draft.notifications}
                label="Notify when long work ends and the window has no focus"
                onChange={(_, { checked }) => void save({ ...draft, notifications: checked })}
              />
            ) : null}
            <div>
              <Button onClick={onTour}>Show the tour again</Button>
            </div>
          </Section>
          {draft ? <RunSettings draft={draft} onSave={(next) => void save(next)} /> : null}
          {draft ? <Network draft={draft} onSave={(next) => void save(next)} /> : null}
          <Section title="Storage">
            {about.error ? <Fault fault={about.error} onRetry={() => void about.refetch()} /> : null}
            {about.data ? (
              <>
                <CopyField label="Folder" value={about.data.home} />
                <p className={styles.line}>
                  <span className={styles.muted}>Size</span> {bytes(about.data.store_bytes)}, encrypted
                </p>
                <p className={styles.line}>
                  <span className={styles.muted}>Keys and tokens</span>{" "}
                  {about.data.vault === "keychain"
                    ? "in this computer's keychain"
                    : "in memory only: they are gone when Syncline ends"}
                </p>
              </>
            ) : null}
            {cached.data && cached.data.length > 0 ? (
              <table className={styles.table}>
                <thead>
                  <tr>
                    <th scope="col">Connection</th>
                    <th scope="col">Entity</th>
                    <th scope="col">Records</th>
                    <th scope="col">About</th>
                    <th scope="col">Pulled</th>
                  </tr>
                </thead>
                <tbody>
                  {cached.data.map((one) => (
                    <tr key={`${one.connection}/${one.entity}`}>
                      <td>
                        <Name text={one.connection} />
                      </td>
                      <td>
                        <Name text={one.display_name || one.entity} />
                      </td>
                      <td>{count(one.records)}</td>
                      <td>{bytes(one.bytes)}</td>
                      <td>
                        <Time iso={one.pulled_at} /> {one.status === "done" ? "" : one.status}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            ) : null}
          </Section>
          <Section title="About">
            {about.data ? (
              <>
                <CopyField label="Syncline" value={about.data.version} />
                <p className={styles.line}>
                  <span className={styles.muted}>System</span> {about.data.platform}
                </p>
              </>
            ) : (
              <Skeleton rows={2} />
            )}
          </Section>
        </div>
        <div>
          <Section title="Keyboard">
            <Shortcuts shortcuts={shortcuts} />
          </Section>
        </div>
      </div>
    </Page>
  );
}

export function Shortcuts({ shortcuts }: { shortcuts: readonly { keys: string; what: string }[] }) {
  return (
    <dl className={styles.keys}>
      {shortcuts.map(({ keys, what }) => (
        <div key={`${keys}${what}`}>
          <dt>
            <Kbd keys={keys} />
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}

function Network({ draft, onSave }: { draft: Settings; onSave: (settings: Settings) => void }) {
  const [proxy, setProxy] = useState(draft.proxy);
  const [ca, setCa] = useState(draft.ca_file);
  const changed = proxy !== draft.proxy || ca !== draft.ca_file;
  return (
    <Section title="Network">
      <Field
        label="Proxy"
        hint="Empty: the system's. “none”: no proxy. Else an address such as http://proxy:8080"
      >
        <Input
          value={proxy}
          spellCheck={false}
          onChange={(_, { value }) => setProxy(value)}
          style={{ maxWidth: 420 }}
        />
      </Field>
      <Field label="Further certificate authorities" hint="A PEM file, for a proxy that opens connections">
        <Input
          value={ca}
          spellCheck={false}
          onChange={(_, { value }) => setCa(value)}
          style={{ maxWidth: 420 }}
        />
      </Field>
      <div>
        <Button
          disabled={!changed}
          onClick={() => onSave({ ...draft, proxy: proxy.trim(), ca_file: ca.trim() })}
        >
          Save network settings
        </Button>
      </div>
    </Section>
  );
}
