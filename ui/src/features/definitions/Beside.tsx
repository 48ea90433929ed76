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
  /** The form was worked in last, not what is beside it. */
  const [form, setForm] = useState(true);
  useEffect(() => {
    if (wanted !== null) setForm(true);
  }, [wanted]);
  // One tree for both widths: what is half typed, opened or scrolled stays when the window gets narrow.
  return (
    <div className={narrow ? frameStyles.narrow : frameStyles.beside}>
      {narrow ? (
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
      ) : null}
      <Split
        inline
        instead={narrow && !form}
        label="Preview or JSON"
        initial={420}
        onEnter={(part) => setForm(part === "main")}
        side={
          narrow && form ? null : (
            <div className={frameStyles.side}>
              {narrow ? null : (
                <div className={frameStyles.sideHead}>
                  <SideChoice value={side} onChange={onSide} />
                </div>
              )}
              <SideBody side={side} focused={focused} />
            </div>
          )
        }
      >
        {children}
      </Split>
    </div>
  );
}
