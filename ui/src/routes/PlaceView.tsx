import { Button } from "@fluentui/react-components";
import { DatabaseRegular } from "@fluentui/react-icons";
import { type ConnectionView, isDatabase, ofClient } from "@/api";
import { Empty } from "@/design";
import { CompareView } from "@/features/compare";
import { ConflictsPage } from "@/features/conflicts";
import { Connect } from "@/features/connections";
import { DefinitionsList, isTwoWay } from "@/features/definitions";
import { LinksPage } from "@/features/links";
import { RunAll, RunCell, RunPage, RunsList, Story } from "@/features/runs";
import { SchedulesView } from "@/features/schedules";
import { SearchView } from "@/features/search";
import { SettingsView } from "@/features/settings";
import { SqlView } from "@/features/sql";
import { show } from "./actions";
import { EntityRoute } from "./EntityRoute";
import { Home } from "./Home";
import { nav } from "./nav";
import { openPlan } from "./openPlan";
import { PlanRoute } from "./PlanRoute";
import type { Place } from "./places";
import { usePreferences } from "./preferences";
import { QueriesRoute, QueryRoute } from "./QueryRoute";
import { SyncRoute } from "./SyncRoute";
import { shortcuts } from "./shortcuts";

/** What is shown at a place. */
export function PlaceView({
  place,
  connections,
  current,
}: {
  place: Place;
  connections: readonly ConnectionView[];
  current: ConnectionView | null;
}) {
  const [preferences, setPreferences] = usePreferences();
  const name = current?.name ?? null;
  const mine = new Set(ofClient(connections, current?.client).map((connection) => connection.name));
  const known = new Set(connections.map((connection) => connection.name));
  // With no connection chosen nothing is hidden; a name that is no connection any more hides nothing either.
  const ours = (source: string, destination: string) =>
    current === null ||
    mine.has(source) ||
    mine.has(destination) ||
    (!known.has(source) && !known.has(destination));
  switch (place.at) {
    case "home":
      return <Home current={name} />;
    case "connect":
      return (
        <Connect
          key={place.edit ?? "new"}
          edit={place.edit}
          onOpen={(connection) => nav.switchTo(connection.name, { at: "entities" })}
          onLeave={() => nav.go({ at: "home" })}
          onRenamed={(from, to) => nav.renameConnection(from, to)}
        />
      );
    case "entities":
      return name ? (
        <Empty whole icon={<DatabaseRegular />} title="Choose an entity">
          Its records and its schema open in a tab. Double click or Enter opens a record.
        </Empty>
      ) : (
        <NoConnection />
      );
    case "entity":
      return name ? <EntityRoute connection={name} place={place} /> : <NoConnection />;
    case "queries":
      if (current && isDatabase(current)) return <NoQueries />;
      return name ? <QueriesRoute connection={name} /> : <NoConnection />;
    case "query":
      if (current && isDatabase(current)) return <NoQueries />;
      return name ? <QueryRoute key={place.id} connection={name} id={place.id} /> : <NoConnection />;
    case "search":
      return (
        <SearchView
          key={name ?? "-"}
          connection={name}
          client={current?.client ?? ""}
          initial={place.text}
          onText={(text) => {
            const here = nav.get().place;
            if (here.at === "search" && here.text !== text) nav.refine({ at: "search", text });
          }}
          onOpen={(hit) =>
            nav.go({ at: "entity", entity: hit.entity, tab: "records", record: hit.id }, hit.connection)
          }
        />
      );
    case "sql":
      return name ? <SqlView key={name} connection={name} /> : <NoConnection />;
    case "syncs":
      return (
        <DefinitionsList
          belongs={({ definition }) => ours(definition.source.connection, definition.destination.connection)}
          outcome={({ last_run }) => <RunCell run={last_run} />}
          onOpen={(sync) => nav.go({ at: "sync", name: sync })}
          onNew={() => nav.go({ at: "sync", name: "" })}
          onRunAll={() => nav.go({ at: "run-all" })}
          onConflicts={() => nav.go({ at: "conflicts" })}
        />
      );
    case "conflicts":
      return (
        <ConflictsPage
          definition={place.definition ?? null}
          onDefinition={(definition) => nav.refine({ at: "conflicts", definition: definition ?? undefined })}
          onOpenDefinition={(sync) => nav.go({ at: "sync", name: sync })}
          onPairs={(sync) => nav.go({ at: "links", definition: sync ?? undefined })}
        />
      );
    case "links":
      return (
        <LinksPage
          definition={place.definition ?? null}
          isTwoWay={isTwoWay}
          onDefinition={(definition) => nav.refine({ at: "links", definition })}
          onOpenDefinition={(sync) => nav.go({ at: "sync", name: sync })}
          onConflicts={(definition) => nav.go({ at: "conflicts", definition })}
        />
      );
    case "sync":
      return <SyncRoute place={place} connections={connections} current={name} />;
    case "compare":
      return <CompareView key={name ?? "-"} connections={connections} current={name} />;
    case "schedules":
      return (
        <SchedulesView
          belongs={ours}
          onOpen={(sync) => nav.go({ at: "sync", name: sync })}
          onOpenRun={(run) => nav.go({ at: "run", run })}
        />
      );
    case "plan":
      return <PlanRoute plan={place.plan} connections={connections} />;
    case "runs":
      return (
        <RunsList
          connection={current?.name}
          belongs={(run) => ours(run.source, run.destination)}
          onOpen={(run) => nav.go({ at: "run", run })}
          onStory={({ connection, ...of }) => nav.go({ at: "story", ...of }, connection)}
        />
      );
    case "run":
      return (
        <RunPage
          key={place.run}
          run={place.run}
          onOpenRun={(run) => nav.go({ at: "run", run })}
          onPlanned={(job) => void openPlan(job).catch(() => undefined)}
          onOpenPlan={(plan) => nav.go({ at: "plan", plan })}
          onOpenDefinition={(sync) => nav.go({ at: "sync", name: sync })}
          onStory={({ connection, ...of }) => nav.go({ at: "story", ...of }, connection)}
        />
      );
    case "run-all":
      return (
        <RunAll
          belongs={({ definition }) => ours(definition.source.connection, definition.destination.connection)}
          onOpenRun={(run) => nav.go({ at: "run", run })}
          onOpenPlan={(plan) => nav.go({ at: "plan", plan })}
        />
      );
    case "story":
      return name ? (
        <Story
          key={`${name}/${place.entity}/${place.record}`}
          connection={name}
          entity={place.entity}
          record={place.record}
          name={place.name ?? null}
          onOpenRun={(run) => nav.go({ at: "run", run })}
          onOpenRecord={() =>
            nav.go({ at: "entity", entity: place.entity, tab: "records", record: place.record })
          }
        />
      ) : (
        <NoConnection />
      );
    case "settings":
      return (
        <SettingsView
          language={preferences.language}
          onLanguage={(language) => setPreferences({ ...preferences, language })}
          onTour={() => show({ tour: true })}
          shortcuts={shortcuts}
        />
      );
  }
}

/** Queries are FetchXML and OData, which a database does not speak. */
function NoQueries() {
  return (
    <Empty
      whole
      icon={<DatabaseRegular />}
      title="Queries are for Dynamics 365"
      actions={
        <>
          <Button appearance="primary" onClick={() => nav.go({ at: "entities" })}>
            Show its tables
          </Button>{" "}
          <Button onClick={() => nav.go({ at: "sql" })}>SQL over what was pulled</Button>
        </>
      }
    >
      FetchXML and OData are its languages. Tables of a database are filtered, sorted and searched where they
      are shown; what was pulled of them can be asked in SQL.
    </Empty>
  );
}

function NoConnection() {
  return (
    <Empty
      whole
      icon={<DatabaseRegular />}
      title="Choose a connection first"
      actions={
        <Button appearance="primary" onClick={() => nav.go({ at: "home" })}>
          Show the connections
        </Button>
      }
    >
      Entities and records belong to an environment.
    </Empty>
  );
}
