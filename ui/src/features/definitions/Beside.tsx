import { type ReactNode, useEffect, useState } from "react";
import { Split } from "@/design";
import frameStyles from "./frame.module.css";
import { type Side, SideBody, SideChoice } from "./SidePanel";
import { useNarrow } from "./useNarrow";

/** The form and what it makes beside each other; on a narrow window one of them at a time. */
export function Beside({
  side,
  onSide,
  focused,
  wanted,
  children,
}: {
  side: Side;
  onSide: (side: Side) => void;
  /** Path of the line that has the focus. */
  focused: string | null;
  /** A path that was asked for: the form comes into sight. */
  wanted: string | null;
  children: ReactNode;
}) {
  const narrow = useNarrow();
  const [form, setForm] = useState(true);
  useEffect(() => {
    if (wanted !== null) setForm(true);
  }, [wanted]);
  if (narrow)
    return (
      <div className={frameStyles.narrow}>
        <div className={frameStyles.sideHead}>
          <SideChoice<Side | "form">
            form
            value={form ? "form" : side}
            onChange={(next) => {
              setForm(next === "form");
              if (next !== "form") onSide(next);
            }}
          />
        </div>
        {/* The form stays as it is while something else is looked at. */}
        <div hidden={!form} style={form ? { minHeight: 0 } : { display: "none" }}>
          {children}
        </div>
        {form ? null : <SideBody side={side} focused={focused} />}
      </div>
    );
  return (
    <Split
      inline
      label="Preview or JSON"
      initial={420}
      side={
        <div className={frameStyles.side}>
          <div className={frameStyles.sideHead}>
            <SideChoice value={side} onChange={onSide} />
          </div>
          <SideBody side={side} focused={focused} />
        </div>
      }
    >
      {children}
    </Split>
  );
}
