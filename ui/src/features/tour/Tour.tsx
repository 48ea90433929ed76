import { Button } from "@fluentui/react-components";
import { type CSSProperties, useEffect, useRef, useState } from "react";
import styles from "./tour.module.css";

export interface TourStep {
  /** What it points at: the value of a `data-tour` attribute. */
  target: string;
  title: string;
  text: string;
  /** Brings the target into sight. */
  before?: () => void;
}

interface Place {
  box: DOMRect | null;
  window: { width: number; height: number };
}

/** Five things to know, one after the other; may be left at any time. */
export function Tour({ steps, onEnd }: { steps: readonly TourStep[]; onEnd: () => void }) {
  const [at, setAt] = useState(0);
  const [place, setPlace] = useState<Place | null>(null);
  const card = useRef<HTMLDivElement>(null);
  const step = steps[at];
  // biome-ignore lint/correctness/useExhaustiveDependencies: the steps are fixed; `at` says which
  useEffect(() => {
    step?.before?.();
    const find = () => {
      const element = document.querySelector(`[data-tour="${step?.target}"]`);
      setPlace({
        box: element?.getBoundingClientRect() ?? null,
        window: { width: window.innerWidth, height: window.innerHeight },
      });
    };
    find();
    const timer = setInterval(find, 300);
    window.addEventListener("resize", find);
    card.current?.focus();
    return () => {
      clearInterval(timer);
      window.removeEventListener("resize", find);
    };
  }, [at]);
  if (!step) return null;
  const last = at === steps.length - 1;
  return (
    <>
      {place?.box ? <div className={styles.ring} style={ringStyle(place.box)} aria-hidden /> : null}
      <div
        ref={card}
        className={styles.card}
        role="dialog"
        aria-label={`Tour, step ${at + 1} of ${steps.length}: ${step.title}`}
        tabIndex={-1}
        style={cardStyle(place)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onEnd();
          if (event.key === "ArrowRight" && !last) setAt(at + 1);
          if (event.key === "ArrowLeft" && at > 0) setAt(at - 1);
        }}
      >
        <p className={styles.count}>
          {at + 1} of {steps.length}
        </p>
        <h2>{step.title}</h2>
        <p>{step.text}</p>
        <div className={styles.foot}>
          <Button size="small" appearance="subtle" onClick={onEnd}>
            {last ? "Close" : "Skip the tour"}
          </Button>
          <span style={{ flex: 1 }} />
          {at > 0 ? (
            <Button size="small" onClick={() => setAt(at - 1)}>
              Back
            </Button>
          ) : null}
          <Button size="small" appearance="primary" onClick={() => (last ? onEnd() : setAt(at + 1))}>
            {last ? "Done" : "Next"}
          </Button>
        </div>
      </div>
    </>
  );
}

function ringStyle(box: DOMRect): CSSProperties {
  return { left: box.left - 4, top: box.top - 4, width: box.width + 8, height: box.height + 8 };
}

/** Beside its target, always whole in the window. */
function cardStyle(place: Place | null): CSSProperties {
  const width = 340;
  const height = 210;
  if (!place?.box) return { left: "50%", top: "40%", transform: "translate(-50%, -50%)", width };
  const { box, window: frame } = place;
  const right = box.right + 16 + width < frame.width;
  const below = box.bottom + 16 + height < frame.height;
  const left =
    box.width > frame.width / 2
      ? frame.width / 2 - width / 2
      : right
        ? box.right + 14
        : Math.max(12, box.left - width - 14);
  const wide = box.width > frame.width / 2;
  const top = wide
    ? below
      ? box.bottom + 14
      : Math.max(12, box.top - height - 14)
    : Math.min(Math.max(12, box.top), frame.height - height - 12);
  return { left, top, width };
}
