import { Button } from "@fluentui/react-components";
import { useState } from "react";
import type { IssueGroup } from "@/api";
import { count } from "@/lib/numbers";
import styles from "./preview.module.css";

/** Issues by cause, most rows first; each filters, and its rows can be taken out at once. */
export function Causes({
  groups,
  selected,
  onSelect,
  onExclude,
}: {
  groups: readonly IssueGroup[];
  selected: string | null;
  onSelect: (code: string | null) => void;
  onExclude?: (code: string) => void;
}) {
  const [all, setAll] = useState(false);
  if (groups.length === 0) return null;
  const shown = all ? groups : groups.slice(0, 4);
  return (
    <div className={styles.causes} role="group" aria-label="Causes">
      {shown.map((group) => {
        const on = selected === group.code;
        return (
          <span key={`${group.code}/${group.field}`} className={styles.cause}>
            <button
              type="button"
              aria-pressed={on}
              title={[group.rule, group.example].filter(Boolean).join("\n")}
              onClick={() => onSelect(on ? null : group.code)}
            >
              <b>{count(group.rows)}</b> {causeWords(group)}
            </button>
            {on && onExclude ? (
              <Button size="small" appearance="subtle" onClick={() => onExclude(group.code)}>
                Hold these back
              </Button>
            ) : null}
          </span>
        );
      })}
      {groups.length > 4 ? (
        <button type="button" onClick={() => setAll(!all)}>
          {all ? "Fewer" : `${groups.length - 4} more causes`}
        </button>
      ) : null}
      {shown
        .filter((group) => selected === group.code && group.rule)
        .map((group) => (
          <span key={`rule/${group.code}/${group.field}`} className={styles.muted}>
            Rule: {group.rule}
          </span>
        ))}
    </div>
  );
}

/** `email_malformed` of `email` as people say it. */
export function causeWords(group: { code: string; field: string }): string {
  const words = group.code.replaceAll("_", " ");
  return group.field && !words.includes(group.field) ? `${group.field}: ${words}` : words;
}
