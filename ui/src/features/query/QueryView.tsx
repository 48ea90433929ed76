import {
  Button,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  ToggleButton,
} from "@fluentui/react-components";
import {
  BuildingRegular,
  CloudRegular,
  CodeRegular,
  DatabaseRegular,
  LibraryRegular,
  MoreHorizontalRegular,
  PlayRegular,
  SaveRegular,
  StopRegular,
} from "@fluentui/react-icons";
import { useState } from "react";
import { type ApiError, call, change, type DataMode, type QueryLanguage, toApiError, useKept } from "@/api";
import { Fault, Page, Panel, Segmented, Skeleton, useCopy } from "@/design";
import { Builder } from "./Builder";
import { CodeDialog } from "./CodeDialog";
import { Coverage } from "./Coverage";
import { type Draft, draftKey, fetchOf, isDraft, newDraft } from "./draft";
import { Library, NameDialog } from "./Library";
import { QueryEditor } from "./QueryEditor";
import styles from "./query.module.css";
import { Results } from "./Results";
import { RowCount } from "./RowCount";
import { useRun } from "./useRun";

/** One query: builder and text of the same thing, and the rows beneath. */
export function QueryView({
  connection,
  id,
  onOpenRecord,
  onOpenEntity,
  onOpenDraft,
}: {
  connection: string;
  id: string;
  onOpenRecord: (entity: string, id: string) => void;
  onOpenEntity: (entity: string) => void;
  onOpenDraft: (draft: Draft) => void;
}) {
  const [kept, keep, ready] = useKept<Draft>(draftKey(connection, id), isDraft, newDraft(fetchOf("contact")));
  const run = useRun(connection);
  const [builder, setBuilder] = useState(true);
  const [library, setLibrary] = useState(false);
  const [code, setCode] = useState(false);
  const [naming, setNaming] = useState(false);
  const [fault, setFault] = useState<ApiError | null>(null);
  const [said, setSaid] = useState("");
  const [, copy] = useCopy();
  const say = (words: string) => {
    setSaid(words);
    setTimeout(() => setSaid(""), 2500);
  };
  if (!ready) return <Skeleton rows={12} label="Loading the query" />;
  const { language, text } = kept;
  const cached = kept.cached === true;
  const start = () => run.start(text, language, cached);
  async function save(name: string, saved: string | null) {
    const stored = await change("queries.save", {
      id: saved ?? undefined,
      connection,
      name,
      language,
      text,
      columns: kept.columns,
    });
    keep({ ...kept, name: stored.name, saved: stored.id ?? null });
    say("Saved");
  }
  async function switchTo(next: QueryLanguage) {
    if (next === language) return;
    try {
      const converted = await call("queries.code", { connection, language, text });
      const other = converted[next];
      if (other === null) {
        setCode(true);
        return;
      }
      keep({ ...kept, language: next, text: other });
    } catch (error) {
      setFault(toApiError(error));
    }
  }
  async function share() {
    try {
      const { link } = await call("queries.link", {
        connection,
        language,
        text,
        name: kept.name || undefined,
      });
      copy(link);
      say("Link copied");
    } catch (error) {
      setFault(toApiError(error));
    }
  }
  return (
    <Page
      title={kept.name || "Query"}
      actions={
        <>
          <span className={styles.muted} role="status">
            {said}
          </span>
          <Segmented<DataMode>
            label="Where the query runs"
            value={cached ? "cached" : "live"}
            onChange={(next) => keep({ ...kept, cached: next === "cached" })}
            options={[
              {
                value: "live",
                label: (
                  <>
                    <CloudRegular /> Live
                  </>
                ),
                title: "At the service, now",
              },
              {
                value: "cached",
                label: (
                  <>
                    <DatabaseRegular /> Cached
                  </>
                ),
                title: "Over what was pulled to this computer; needs no network",
              },
            ]}
          />
          <Segmented<QueryLanguage>
            label="Language"
            value={language}
            onChange={(next) => void switchTo(next)}
            options={[
              { value: "fetchxml", label: "FetchXML" },
              { value: "odata", label: "OData" },
            ]}
          />
          <ToggleButton
            size="small"
            icon={<BuildingRegular />}
            checked={builder && language === "fetchxml"}
            disabled={language === "odata"}
            onClick={() => setBuilder(!builder)}
          >
            Builder
          </ToggleButton>
          {run.running ? (
            <Button size="small" icon={<StopRegular />} onClick={run.cancel}>
              Stop
            </Button>
          ) : (
            <Button
              size="small"
              appearance="primary"
              icon={<PlayRegular />}
              title="Ctrl+Enter"
              disabled={text.trim() === ""}
              onClick={start}
            >
              Run
            </Button>
          )}
          <Button
            size="small"
            icon={<SaveRegular />}
            onClick={() =>
              kept.saved
                ? void save(kept.name, kept.saved).catch((error) => setFault(toApiError(error)))
                : setNaming(true)
            }
          >
            Save
          </Button>
          <Button size="small" icon={<CodeRegular />} onClick={() => setCode(true)}>
            Code
          </Button>
          <ToggleButton
            size="small"
            icon={<LibraryRegular />}
            checked={library}
            onClick={() => setLibrary(!library)}
          >
            Library
          </ToggleButton>
          <Menu positioning={{ autoSize: true }}>
            <MenuTrigger disableButtonEnhancement>
              <Button
                size="small"
                appearance="subtle"
                icon={<MoreHorizontalRegular />}
                aria-label="More for this query"
              />
            </MenuTrigger>
            <MenuPopover>
              <MenuList>
                <MenuItem onClick={() => setNaming(true)}>Save as…</MenuItem>
                <MenuItem onClick={() => void share()}>Copy a link to this query</MenuItem>
              </MenuList>
            </MenuPopover>
          </Menu>
        </>
      }
      notices={fault ? <Fault fault={fault} onDismiss={() => setFault(null)} /> : undefined}
    >
      <div className={styles.view}>
        <div className={styles.main}>
          <div className={styles.above}>
            {builder && language === "fetchxml" ? (
              <div className={styles.builderPlace}>
                <Builder
                  connection={connection}
                  text={text}
                  onText={(next) => keep({ ...kept, text: next })}
                />
              </div>
            ) : null}
            <QueryEditor
              connection={connection}
              language={language}
              text={text}
              onText={(next) => keep({ ...kept, text: next })}
              onRun={start}
            />
          </div>
          <div className={styles.below}>
            {cached ? (
              <Coverage connection={connection} language={language} text={text} onOpenEntity={onOpenEntity} />
            ) : null}
            <RowCount connection={connection} language={language} text={text} cached={cached} />
            <Results
              connection={connection}
              run={run}
              layout={kept.columns}
              name={kept.name || "query"}
              onOpen={onOpenRecord}
            />
          </div>
        </div>
        {library ? (
          <aside className={styles.side} aria-label="Library of queries">
            <Panel title="Library" onClose={() => setLibrary(false)}>
              <Library connection={connection} onOpen={onOpenDraft} />
            </Panel>
          </aside>
        ) : null}
      </div>
      {code ? (
        <CodeDialog
          connection={connection}
          language={language}
          text={text}
          onUse={(next, other) => {
            keep({ ...kept, language: next, text: other });
            setCode(false);
          }}
          onClose={() => setCode(false)}
        />
      ) : null}
      {naming ? (
        <NameDialog
          title="Save the query"
          initial={kept.name}
          onSave={(name) => save(name, null)}
          onClose={() => setNaming(false)}
        />
      ) : null}
    </Page>
  );
}
