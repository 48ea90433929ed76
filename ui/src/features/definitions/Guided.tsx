import { Button } from "@fluentui/react-components";
import { ArrowLeftRegular, ArrowRightRegular, CheckmarkRegular } from "@fluentui/react-icons";
import { useEffect, useRef } from "react";
import { counted } from "@/lib/numbers";
import { useParts } from "./context";
import styles from "./definitions.module.css";
import frameStyles from "./frame.module.css";
import { SectionBody } from "./SectionBody";
import { isFilled, problemsOf, type SectionId, sections, summaryOf } from "./sections";

/** One part after the other, each with what it is for. Every step can be gone to at any time. */
export function Guided({
  at,
  onAt,
  onEnd,
}: {
  at: SectionId;
  onAt: (id: SectionId) => void;
  /** Behind the last step. */
  onEnd: () => void;
}) {
  const { editor } = useParts();
  const index = Math.max(
    0,
    sections.findIndex(({ id }) => id === at),
  );
  const section = sections[index];
  const before = sections[index - 1];
  const next = sections[index + 1];
  const body = useRef<HTMLDivElement>(null);
  // Another step begins at its top.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the step says when
  useEffect(() => {
    body.current?.scrollTo({ top: 0 });
  }, [at]);
  const problems = problemsOf(editor.problems, at);
  const lacking = !isFilled(editor.definition, at);
  return (
    <div className={frameStyles.guided}>
      <nav aria-label="Steps" className={frameStyles.stepper}>
        <ol>
          {sections.map(({ id, title, optional }, place) => {
            const bad = problemsOf(editor.problems, id).length;
            const done = bad === 0 && isFilled(editor.definition, id) && place < index;
            return (
              <li key={id}>
                <button
                  type="button"
                  className={frameStyles.step}
                  aria-current={id === at ? "step" : undefined}
                  title={summaryOf(editor.definition, id)}
                  onClick={() => onAt(id)}
                >
                  <span className={`${styles.number} ${bad > 0 ? frameStyles.badNumber : ""}`} aria-hidden>
                    {done ? <CheckmarkRegular /> : place + 1}
                  </span>
                  <span>
                    {title}
                    {optional ? <span className="visually-hidden"> (optional)</span> : null}
                    {bad > 0 ? <span className="visually-hidden">, {counted(bad, "problem")}</span> : null}
                  </span>
                </button>
              </li>
            );
          })}
        </ol>
      </nav>
      <div className={frameStyles.guidedBody} ref={body}>
        {section ? <SectionBody id={section.id} /> : null}
      </div>
      <footer className={frameStyles.guidedFoot}>
        <Button
          icon={<ArrowLeftRegular />}
          disabled={!before}
          onClick={() => before && onAt(before.id)}
          aria-label={before ? `Back to ${before.title}` : "Back"}
        >
          Back
        </Button>
        <span className={styles.muted} role="status">
          Step {index + 1} of {sections.length}
          {problems.length > 0
            ? `: ${counted(problems.length, "problem")} here`
            : lacking
              ? ": something is needed here"
              : section?.optional
                ? ": may be passed over"
                : ""}
        </span>
        <Button
          appearance="primary"
          icon={<ArrowRightRegular />}
          iconPosition="after"
          onClick={() => (next ? onAt(next.id) : onEnd())}
          aria-label={next ? `Next: ${next.title}` : "Show all on one page"}
        >
          {next ? `Next: ${next.title}` : "Show all on one page"}
        </Button>
      </footer>
    </div>
  );
}
