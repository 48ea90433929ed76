import { isTyping, matchesKey } from "@/lib/keys";
import { show } from "./actions";
import { nav } from "./nav";
import { isTab } from "./places";
import { railEntries } from "./Rail";

/** Every key of the window and its screens, as the list shows them. */
export const shortcuts: readonly { keys: string; what: string }[] = [
  { keys: "Ctrl+K", what: "Search or run a command" },
  { keys: "Ctrl+Shift+F", what: "Search the cached records" },
  { keys: "F1", what: "This list (also ?)" },
  ...railEntries.map(({ keys, title }) => ({ keys, what: title })),
  { keys: "Ctrl+W", what: "Close the tab" },
  { keys: "Ctrl+PageDown", what: "Next tab" },
  { keys: "Ctrl+PageUp", what: "Tab before" },
  { keys: "Alt+Left", what: "Back" },
  { keys: "↑ ↓ ← →", what: "In a grid: move; with Shift: select rows" },
  { keys: "Enter", what: "In a grid: open the record beside" },
  { keys: "Space", what: "In a grid: select the row" },
  { keys: "Ctrl+C", what: "In a grid: copy the cell or the selected rows" },
  { keys: "Ctrl+A", what: "In a grid: select all rows" },
  { keys: "Ctrl+S", what: "In a sync: save" },
  { keys: "Ctrl+Enter", what: "In a sync: preview" },
  { keys: "Ctrl+Z", what: "In a sync: undo; Ctrl+Y: redo" },
  { keys: "Esc", what: "Close what lies over the window" },
];

function stepTab(step: number): void {
  const { connection, place, tabs } = nav.get();
  const open = tabs[connection ?? "-"] ?? [];
  const at = open.findIndex((tab) => tab === place || JSON.stringify(tab) === JSON.stringify(place));
  const next = open[(at + step + open.length) % open.length];
  if (next) nav.go(next);
}

/** Keys of the whole window. */
export function onWindowKey(event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  const run = (action: () => void) => {
    event.preventDefault();
    action();
  };
  if (matchesKey(event, "Ctrl+k")) return run(() => show({ palette: "" }));
  if (matchesKey(event, "Ctrl+Shift+P")) return run(() => show({ palette: ">" }));
  if (matchesKey(event, "Ctrl+Shift+F")) return run(() => nav.go({ at: "search", text: "" }));
  if (matchesKey(event, "F1")) return run(() => show({ shortcuts: true }));
  if (matchesKey(event, "?") && !isTyping(event.target)) return run(() => show({ shortcuts: true }));
  if (matchesKey(event, "Ctrl+PageDown")) return run(() => stepTab(1));
  if (matchesKey(event, "Ctrl+PageUp")) return run(() => stepTab(-1));
  if (matchesKey(event, "Ctrl+w")) {
    const { place } = nav.get();
    return run(() => isTab(place) && nav.close(place));
  }
  for (const entry of railEntries) if (matchesKey(event, entry.keys)) return run(() => nav.go(entry.place));
}
