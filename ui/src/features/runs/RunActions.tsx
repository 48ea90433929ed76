import {
  Button,
  Menu,
  type MenuButtonProps,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  SplitButton,
} from "@fluentui/react-components";
import { type ApiError, change, type ReplayWhich, type RunReport, toApiError } from "@/api";
import { FileMenu } from "@/design";
import { count } from "@/lib/numbers";
import { forms } from "./AuditMenu";

/** What can be done with a run that ended: go on with it, send records again, take it back, write it to a file. */
export function RunActions({
  data,
  chosen,
  onPlanned,
  onError,
}: {
  data: RunReport;
  /** Source id of the record that is open. */
  chosen: string | null;
  /** A job makes a plan, which is looked at next. */
  onPlanned: (job: string) => void;
  onError: (error: ApiError | null) => void;
}) {
  const run = data.run_id;
  if (data.status === "running") return null;
  async function act(work: () => Promise<unknown>) {
    onError(null);
    try {
      await work();
    } catch (fault) {
      onError(toApiError(fault));
    }
  }
  const replay = (which: ReplayWhich) =>
    void act(async () => {
      const records = which === "chosen" && chosen ? [chosen] : undefined;
      onPlanned((await change("runs.replay", { run, which, records })).job);
    });
  const failed = data.failed + data.drifted + data.not_reached;
  const written = data.created + data.updated + data.deleted;
  return (
    <>
      {data.resumable ? (
        <Button
          size="small"
          appearance="primary"
          title="Sends what was not sent yet; what has no answer is looked up first, and nothing goes twice"
          onClick={() => void act(() => change("runs.resume", { run }))}
        >
          Go on
        </Button>
      ) : null}
      {data.undo_of === null ? (
        <Menu positioning="below-end">
          <MenuTrigger disableButtonEnhancement>
            {(trigger: MenuButtonProps) => (
              <SplitButton
                size="small"
                menuButton={{ ...trigger, "aria-label": "More ways to replay" }}
                primaryActionButton={{
                  onClick: () => replay("failed"),
                  disabled: failed === 0,
                  title: "Previews what failed, drifted or was not reached, under today's definition",
                }}
              >
                {data.not_reached > 0 ? "Replay failed and not sent" : "Replay failed"}
                {failed > 0 ? ` (${count(failed)})` : ""}
              </SplitButton>
            )}
          </MenuTrigger>
          <MenuPopover>
            <MenuList>
              <MenuItem disabled={chosen === null} onClick={() => replay("chosen")}>
                Replay the open record
              </MenuItem>
              <MenuItem onClick={() => replay("all")}>Replay all records</MenuItem>
            </MenuList>
          </MenuPopover>
        </Menu>
      ) : null}
      {written > 0 && data.undone_by === null ? (
        <Button
          size="small"
          disabled={!data.undoable}
          title={
            data.undoable
              ? "Previews how it would be put back; nothing is written yet"
              : "The destination does not tell what it held before, so this run can't be undone"
          }
          onClick={() =>
            void act(async () => {
              onPlanned((await change("runs.undo", { run })).job);
            })
          }
        >
          Undo…
        </Button>
      ) : null}
      <FileMenu
        forms={forms}
        name={`${data.definition}-run`}
        title="Export every record of this run"
        hint="Every record with what was planned, sent and answered"
        onWrite={({ format }, path) => change("audit.export", { query: { run }, format, path })}
        onError={(error) => onError(toApiError(error))}
      />
    </>
  );
}
