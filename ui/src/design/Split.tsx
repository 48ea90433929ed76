import {
  type CSSProperties,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  useRef,
  useState,
} from "react";
import styles from "./Split.module.css";

/** A main part and a side that can be made wider; on a narrow window the side lies over the main part. */
export function Split({
  side,
  children,
  at = "end",
  initial = 380,
  min = 240,
  max = 900,
  label,
  inline = false,
  yields = false,
  instead = false,
  onEnter,
}: {
  side: ReactNode;
  children: ReactNode;
  at?: "start" | "end";
  initial?: number;
  min?: number;
  max?: number;
  label: string;
  /** Never over the main part. */
  inline?: boolean;
  /** On a narrow window the side gives way to the main part. */
  yields?: boolean;
  /** The side takes the place of the main part, which keeps all that it holds. */
  instead?: boolean;
  /** One of the two got the focus. */
  onEnter?: (part: "main" | "side") => void;
}) {
  const [width, setWidth] = useState(initial);
  const frame = useRef<HTMLDivElement>(null);
  const clamp = (value: number) => Math.min(max, Math.max(min, value));
  function drag(event: PointerEvent<HTMLHRElement>) {
    event.preventDefault();
    const handle = event.currentTarget;
    const start = event.clientX;
    const rtl = frame.current ? getComputedStyle(frame.current).direction === "rtl" : false;
    const sign = (at === "end" ? -1 : 1) * (rtl ? -1 : 1);
    handle.setPointerCapture(event.pointerId);
    const move = (moved: globalThis.PointerEvent) => setWidth(clamp(width + (moved.clientX - start) * sign));
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
  }
  function onKeyDown(event: KeyboardEvent) {
    const step = event.key === "ArrowLeft" ? -24 : event.key === "ArrowRight" ? 24 : 0;
    if (step === 0) return;
    event.preventDefault();
    setWidth((value) => clamp(value + (at === "end" ? -step : step)));
  }
  const handle = (
    <hr
      aria-orientation="vertical"
      aria-label={`Width of ${label}`}
      aria-valuenow={width}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      className={`${styles.handle} ${yields ? styles.yields : ""}`}
      onPointerDown={drag}
      onKeyDown={onKeyDown}
    />
  );
  const aside = side ? (
    <aside
      className={`${styles.side} ${inline ? styles.inline : styles.over} ${yields ? styles.yields : ""} ${instead ? styles.instead : ""}`}
      style={{ "--side-width": `${width}px` } as CSSProperties}
      aria-label={label}
      onFocus={() => onEnter?.("side")}
    >
      {side}
    </aside>
  ) : null;
  const between = side && !instead ? handle : null;
  return (
    <div className={styles.frame} ref={frame}>
      {at === "start" && aside}
      {at === "start" && between}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it only tells where one works */}
      <div className={styles.main} hidden={instead} onFocus={() => onEnter?.("main")}>
        {children}
      </div>
      {at === "end" && between}
      {at === "end" && aside}
    </div>
  );
}
