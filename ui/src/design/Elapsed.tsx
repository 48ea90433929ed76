import { useEffect, useState } from "react";

const tick = 100;

/** Time as it runs: tenths below ten seconds, whole seconds below a minute, minutes and seconds above. */
export function elapsedText(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** Counts up from when it appears. Hidden from screen readers, which would read every tenth of a second. */
export function Elapsed({ label }: { label: string }) {
  const [ms, setMs] = useState(0);
  useEffect(() => {
    const begun = performance.now();
    const timer = setInterval(() => setMs(performance.now() - begun), tick);
    return () => clearInterval(timer);
  }, []);
  return (
    <span>
      {label}{" "}
      <span aria-hidden="true" data-elapsed style={{ fontVariantNumeric: "tabular-nums" }}>
        {elapsedText(ms)}
      </span>
    </span>
  );
}
