import { useEffect } from "react";
import { isRecord, useKept } from "@/api";
import { setLocale } from "@/lib/locale";

/** What the window itself remembers. */
export interface Preferences {
  /** Language tag of dates and numbers; empty: the system's. */
  language: string;
  tourSeen: boolean;
}

const fallback: Preferences = { language: "", tourSeen: false };

function isPreferences(value: unknown): value is Preferences {
  return isRecord(value) && typeof value.language === "string" && typeof value.tourSeen === "boolean";
}

export function usePreferences(): [Preferences, (preferences: Preferences) => void] {
  const [preferences, set] = useKept("preferences", isPreferences, fallback);
  return [preferences, set];
}

/** Puts the language in force; true once it is. */
export function useLanguage(): string {
  const [{ language }] = usePreferences();
  setLocale(language === "" ? undefined : language);
  useEffect(() => {
    document.documentElement.lang = "en";
  }, []);
  return language;
}
