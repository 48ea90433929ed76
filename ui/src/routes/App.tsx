import { AriaLiveAnnouncer, FluentProvider } from "@fluentui/react-components";
import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import {
  queryClient,
  readKept,
  readKey,
  type Settings,
  startEvents,
  startupFaults,
  useRead,
  writeKept,
} from "@/api";
import { DarkContext, darkTheme, Fault, lightTheme, Skeleton, useSystemDark } from "@/design";
import { host } from "@/host";
import { show } from "./actions";
import { Faults } from "./Faults";
import { startSample } from "./Home";
import { followJobEnds } from "./jobEnds";
import { followHistory, nav } from "./nav";
import { useLanguage } from "./preferences";
import { returnFocus } from "./returnFocus";
import { Shell } from "./Shell";
import { StartupFailure } from "./StartupFailure";

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <Themed />
    </QueryClientProvider>
  );
}

function Themed() {
  const settings = useRead("settings.get", {});
  const systemDark = useSystemDark();
  const choice = settings.data?.theme ?? "system";
  const dark = choice === "dark" || (choice !== "light" && systemDark);
  useEffect(() => {
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  }, [dark]);
  return (
    <DarkContext.Provider value={dark}>
      <FluentProvider theme={dark ? darkTheme : lightTheme} style={{ height: "100%" }}>
        <AriaLiveAnnouncer>
          <Faults>
            <Start />
          </Faults>
        </AriaLiveAnnouncer>
      </FluentProvider>
    </DarkContext.Provider>
  );
}

/** Asks whether the application could begin, restores where one was, then shows the window. */
function Start() {
  const about = useRead("app.about", {});
  const [restored, setRestored] = useState(false);
  const language = useLanguage();
  const ready = about.isSuccess;
  useEffect(() => {
    if (!ready) return;
    const stops = [
      startEvents(),
      followHistory(),
      returnFocus(),
      followJobEnds(() => queryClient.getQueryData<Settings>(readKey("settings.get", {}))),
    ];
    let saved = "";
    let timer: ReturnType<typeof setTimeout> | undefined;
    readKept("session", (value): value is unknown => value !== null, null)
      .catch(() => null)
      .then((kept) => {
        nav.restore(kept);
        setRestored(true);
        stops.push(host.links((link) => show({ link })));
        void host.startedFor().then(({ sample }) => (sample ? startSample() : undefined));
        stops.push(
          nav.subscribe(() => {
            clearTimeout(timer);
            timer = setTimeout(() => {
              const text = JSON.stringify(nav.get());
              if (text !== saved) {
                saved = text;
                void writeKept("session", nav.get()).catch(() => undefined);
              }
            }, 500);
          }),
        );
      });
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [ready]);
  if (about.error) {
    if (startupFaults.has(about.error.code))
      return (
        <StartupFailure
          error={about.error}
          onRetry={() => void host.reopen().finally(() => about.refetch())}
        />
      );
    return (
      <main style={{ padding: 24, maxWidth: 800 }}>
        <Fault fault={about.error} onRetry={() => void about.refetch()} />
      </main>
    );
  }
  if (!ready || !restored) return <Skeleton rows={12} label="Starting" />;
  return <Shell key={language} />;
}
