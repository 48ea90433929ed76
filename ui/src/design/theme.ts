import { type Theme, webDarkTheme, webLightTheme } from "@fluentui/react-components";
import { createContext, useContext, useEffect, useState } from "react";

const fonts = {
  fontFamilyBase:
    "'Segoe UI Variable Text', 'Segoe UI', -apple-system, BlinkMacSystemFont, 'Inter', 'Cantarell', 'Noto Sans', 'Noto Sans Arabic', 'Noto Sans Hebrew', 'Helvetica Neue', sans-serif",
  fontFamilyMonospace:
    "'Cascadia Code', 'Cascadia Mono', Consolas, 'SF Mono', 'Noto Sans Mono', 'DejaVu Sans Mono', monospace",
};

export const lightTheme: Theme = { ...webLightTheme, ...fonts };
export const darkTheme: Theme = { ...webDarkTheme, ...fonts };

export type ThemeChoice = "system" | "light" | "dark";

/** What the system prefers, followed as it changes. */
export function useSystemDark(): boolean {
  const query = "(prefers-color-scheme: dark)";
  const [dark, setDark] = useState(() => window.matchMedia(query).matches);
  useEffect(() => {
    const media = window.matchMedia(query);
    const follow = () => setDark(media.matches);
    media.addEventListener("change", follow);
    return () => media.removeEventListener("change", follow);
  }, []);
  return dark;
}

/** True in the dark theme; for what cannot be coloured by tokens, such as a code editor. */
export const DarkContext = createContext(false);
export const useDark = (): boolean => useContext(DarkContext);
