import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from "@fluentui/react-components";
import { type ConnectionView, invalidateTags, isBrowsable, ofClient, useRead } from "@/api";
import { ForgetDialog, forgottenWords, SignInDialog, UnlockDialog } from "@/features/connections";
import { Palette } from "@/features/palette";
import { Shortcuts } from "@/features/settings";
import { Tour, type TourStep } from "@/features/tour";
import { show, useOverlays } from "./actions";
import { paletteItems } from "./commands";
import { LinkDialog } from "./LinkDialog";
import { nav } from "./nav";
import { usePreferences } from "./preferences";
import { shortcuts } from "./shortcuts";
import { notify } from "./toasts";

/** What lies over the window. */
export function Overlay({
  connections,
  current,
}: {
  connections: readonly ConnectionView[];
  current: ConnectionView | null;
}) {
  const overlays = useOverlays();
  const [preferences, setPreferences] = usePreferences();
  const { signIn, unlock, forget } = overlays;
  return (
    <>
      {overlays.palette === null ? null : (
        <PaletteHere initial={overlays.palette} connections={connections} current={current} />
      )}
      {signIn ? (
        <SignInDialog
          connection={signIn}
          onClose={() => show({ signIn: null })}
          onDone={() => {
            notify({ tone: "success", title: `Signed in to ${signIn.name}` });
            show({ signIn: null });
            // What failed for want of a sign-in is asked again.
            void invalidateTags(["metadata", "cache"]);
          }}
        />
      ) : null}
      {unlock ? <UnlockDialog connection={unlock} onClose={() => show({ unlock: null })} /> : null}
      {forget ? (
        <ForgetDialog
          connection={forget}
          onClose={() => show({ forget: null })}
          onForgotten={(gone) => {
            nav.renameConnection(forget.name, null);
            notify({ tone: "success", title: forgottenWords(forget.name, gone) });
          }}
        />
      ) : null}
      {overlays.link !== null ? (
        <LinkDialog
          key={overlays.link}
          link={overlays.link}
          connections={connections}
          current={current?.name ?? null}
          onClose={() => show({ link: null })}
        />
      ) : null}
      {overlays.shortcuts ? <ShortcutsDialog /> : null}
      {overlays.tour && !signIn ? (
        <Tour
          steps={tourSteps}
          onEnd={() => {
            show({ tour: false });
            setPreferences({ ...preferences, tourSeen: true });
          }}
        />
      ) : null}
    </>
  );
}

function PaletteHere({
  initial,
  connections,
  current,
}: {
  initial: string;
  connections: readonly ConnectionView[];
  current: ConnectionView | null;
}) {
  const entities = useRead(
    "entities.list",
    { connection: current?.name ?? "" },
    { enabled: current !== null && isBrowsable(current) },
  );
  const definitions = useRead("definitions.list", {});
  const runs = useRead("runs.list", {});
  const settings = useRead("settings.get", {});
  const mine = new Set(ofClient(connections, current?.client).map(({ name }) => name));
  const ours = (source: string, destination: string) =>
    current === null || mine.has(source) || mine.has(destination);
  const items = paletteItems({
    connections,
    current,
    entities: entities.data?.entities ?? [],
    definitions: (definitions.data ?? []).filter(({ definition }) =>
      ours(definition.source.connection, definition.destination.connection),
    ),
    runs: (runs.data ?? []).filter((run) => ours(run.source, run.destination)),
    settings: settings.data,
  });
  return (
    <Palette
      items={items}
      connection={current?.name ?? null}
      client={current?.client ?? ""}
      initial={initial}
      onClose={() => show({ palette: null })}
      onRecord={(hit) =>
        nav.go({ at: "entity", entity: hit.entity, tab: "records", record: hit.id }, hit.connection)
      }
    />
  );
}

function ShortcutsDialog() {
  const close = () => show({ shortcuts: false });
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && close()}>
      <DialogSurface style={{ maxWidth: 560 }}>
        <DialogBody>
          <DialogTitle>Keyboard</DialogTitle>
          <DialogContent>
            <Shortcuts shortcuts={shortcuts} />
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={close}>
              Close
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

const tourSteps: readonly TourStep[] = [
  {
    target: "connection",
    title: "Where you are",
    text: "The colour, the kind and the light say which client's system this is and who you are there. It stays read-only until you allow writing.",
  },
  {
    target: "entities",
    title: "What is there",
    text: "Every entity of the environment, custom ones too. Open one to see its records live, or pull it: then it is kept here, encrypted, and works without a network.",
    before: () => nav.get().place.at !== "entity" && nav.go({ at: "entities" }),
  },
  {
    target: "palette",
    title: "Find anything",
    text: "Ctrl+K finds entities, syncs, runs and commands; # finds records you pulled, @ entities, > commands.",
  },
  {
    target: "rail-syncs",
    title: "Say how it should look elsewhere",
    text: "A sync maps fields to another system. Its preview shows for each record what would happen and why, with the exact request. The run sends just that.",
  },
  {
    target: "status",
    title: "Work goes on",
    text: "Pulls, previews and runs report here wherever you are. They can be stopped, and go on after an interruption.",
  },
];
