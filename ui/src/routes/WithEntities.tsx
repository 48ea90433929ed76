import { useState } from "react";
import { Split } from "@/design";
import { type ChosenEntity, EntityList } from "@/features/entities";
import { MarksDialog, PullManyDialog } from "@/features/records";
import { show } from "./actions";
import { nav } from "./nav";
import type { Place } from "./places";

/** The list of entities beside an entity. */
export function WithEntities({
  place,
  connection,
  children,
}: {
  place: Place;
  connection: string | null;
  children: React.ReactNode;
}) {
  const [pulling, setPulling] = useState<readonly ChosenEntity[] | null>(null);
  const [marks, setMarks] = useState(false);
  const beside = connection !== null && (place.at === "entities" || place.at === "entity");
  return (
    <Split
      at="start"
      inline
      yields={place.at === "entity"}
      label="Entities"
      initial={250}
      min={180}
      max={480}
      side={
        beside && connection ? (
          <div data-tour="entities" style={{ height: "100%" }}>
            <EntityList
              key={connection}
              connection={connection}
              current={place.at === "entity" ? place.entity : null}
              onOpen={(entity) => nav.go({ at: "entity", entity, tab: "records" })}
              onPull={setPulling}
              onMarks={() => setMarks(true)}
            />
            {pulling ? (
              <PullManyDialog
                connection={connection}
                entities={pulling}
                onClose={() => setPulling(null)}
                onStarted={() => show({ jobs: true })}
              />
            ) : null}
            {marks ? <MarksDialog connection={connection} onClose={() => setMarks(false)} /> : null}
          </div>
        ) : null
      }
    >
      {children}
    </Split>
  );
}
