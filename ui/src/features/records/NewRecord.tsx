import { useState } from "react";
import type { EntitySchema } from "@/api";
import { Confirm, Name, Panel, SearchField, Segmented, Skeleton } from "@/design";
import { EditFoot, RecordEditor } from "./edit/RecordEditor";
import { RequestDialog } from "./edit/RequestDialog";
import { useRecordEdit, type Written } from "./edit/useRecordEdit";

/** A record made by hand. What was typed waits until it is made or thrown away. */
export function NewRecord({
  connection,
  schema,
  onClose,
  onWritten,
}: {
  connection: string;
  schema: EntitySchema;
  onClose: () => void;
  onWritten: (written: Written) => void;
}) {
  const [which, setWhich] = useState<"usual" | "all">("usual");
  const [search, setSearch] = useState("");
  const [asked, setAsked] = useState<"save" | "request" | null>(null);
  const edit = useRecordEdit({ connection, schema, id: null, onWritten });
  const name = schema.display_name || schema.logical_name;
  return (
    <>
      <Panel
        title={<Name text={`New ${name}`} />}
        onClose={onClose}
        tools={
          <>
            <Segmented
              label="Which columns"
              value={which}
              onChange={setWhich}
              options={[
                { value: "usual", label: "Required", title: "Required and recommended columns" },
                { value: "all", label: "All" },
              ]}
            />
            <SearchField value={search} onChange={setSearch} label="Find a column" style={{ width: 150 }} />
          </>
        }
        foot={
          <EditFoot
            edit={edit}
            creating
            onRequest={() => setAsked("request")}
            onSave={() => (edit.production ? setAsked("save") : void edit.save())}
          />
        }
      >
        {edit.ready ? (
          <RecordEditor
            connection={connection}
            schema={schema}
            raw={null}
            edit={edit}
            search={search}
            all={which === "all"}
          />
        ) : (
          <Skeleton rows={10} label="Loading what was typed" />
        )}
      </Panel>
      {asked === "request" ? <RequestDialog request={edit.request} onClose={() => setAsked(null)} /> : null}
      <Confirm
        open={asked === "save"}
        onClose={() => setAsked(null)}
        title={`Write to ${connection}`}
        action="Write 1 record"
        danger
        onConfirm={edit.save}
      >
        This is a production environment. One {name} will be made there.
      </Confirm>
    </>
  );
}
