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
  { keys: "Space", what: "In the list of entities: make it a favourite, or no more" },
  { keys: "↑ ↓ ← →", what: "In a grid: move; with Shift: select rows" },
  { keys: "Alt+Shift+← →", what: "In a grid: make the column narrower or wider; ↑ ↓: sort by it" },
  { keys: "Ctrl+Shift+← →", what: "In a grid: move the column" },
  { keys: "Enter", what: "In a grid: open the record beside" },
  { keys: "Space", what: "In a grid: select the row" },
  { keys: "Ctrl+C", what: "In a grid: copy the cell or the selected rows" },
  { keys: "Ctrl+A", what: "In a grid: select all rows" },
  { keys: "Ctrl+Enter", what: "In SQL: run the statement, or what is selected of it" },
  { keys: "Ctrl+S", what: "In a sync: save" },
  { keys: "Ctrl+Enter", what: "In a sync: preview" },
  { keys: "Ctrl+Enter", what: "In a query: run it" },
  { keys: "Ctrl+Space", what: "In a query: what may stand here" },
  { keys: "Ctrl+.", what: "In a query: mend the problem at the cursor" },
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

/** Keys of the whole window and what they do; a letter without Ctrl means nothing while one types. */
const bindings: readonly { keys: string; notWhileTyping?: boolean; run: () => void }[] = [
  { keys: "Ctrl+k", run: () => show({ palette: "" }) },
  { keys: "Ctrl+Shift+P", run: () => show({ palette: ">" }) },
  { keys: "Ctrl+Shift+F", run: () => nav.go({ at: "search", text: "" }) },
  { keys: "F1", run: () => show({ shortcuts: true }) },
  { keys: "?", notWhileTyping: true, run: () => show({ shortcuts: true }) },
  { keys: "Ctrl+PageDown", run: () => stepTab(1) },
  { keys: "Ctrl+PageUp", run: () => stepTab(-1) },
  {
    keys: "Ctrl+w",
    run: () => {
      const { place } = nav.get();
      if (isTab(place)) nav.close(place);
    },
  },
  ...railEntries.map(({ keys, place }) => ({ keys, run: () => nav.go(place) })),
];

export function onWindowKey(event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  const binding = bindings.find(
    ({ keys, notWhileTyping }) => matchesKey(event, keys) && !(notWhileTyping && isTyping(event.target)),
  );
  if (!binding) return;
  event.preventDefault();
  binding.run();
}
