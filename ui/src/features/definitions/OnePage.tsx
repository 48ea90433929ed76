import { type RefObject, useEffect, useState } from "react";
import { useParts } from "./context";
import frameStyles from "./frame.module.css";
import { SectionBody } from "./SectionBody";
import { problemsOf, type SectionId, sections } from "./sections";

/** All parts under each other, with anchors that lead to them and say where one is. */
export function OnePage({ frame }: { frame: RefObject<HTMLDivElement | null> }) {
  const { editor } = useParts();
  const [at, setAt] = useState<SectionId>("source");
  useEffect(() => {
    const place = frame.current;
    if (!place) return;
    const look = () => {
      const top = place.getBoundingClientRect().top + 48;
      const passed = [...place.querySelectorAll<HTMLElement>("[data-part]")].filter(
        (part) => part.getBoundingClientRect().top <= top,
      );
      const end = place.scrollTop + place.clientHeight >= place.scrollHeight - 4 && place.scrollTop > 0;
      const last = end ? sections.at(-1)?.id : (passed.at(-1)?.dataset.part as SectionId | undefined);
      setAt(last ?? "source");
    };
    place.addEventListener("scroll", look, { passive: true });
    // Another width moves the parts without a step of scrolling.
    const width = new ResizeObserver(look);
    width.observe(place);
    return () => {
      width.disconnect();
      place.removeEventListener("scroll", look);
    };
  }, [frame]);
  return (
    <div className={frameStyles.onePage}>
      <nav aria-label="Parts of the definition" className={frameStyles.anchors}>
        {sections.map(({ id, title }) => {
          const bad = problemsOf(editor.problems, id).length;
          return (
            <button
              key={id}
              type="button"
              className={`${frameStyles.anchor} ${bad > 0 ? frameStyles.badAnchor : ""}`}
              aria-current={id === at ? "true" : undefined}
              onClick={() => {
                frame.current?.querySelector(`[data-part="${id}"]`)?.scrollIntoView({ block: "start" });
                setAt(id);
              }}
            >
              {title}
              {bad > 0 ? <span className={frameStyles.count}>{bad}</span> : null}
            </button>
          );
        })}
      </nav>
      <div className={frameStyles.parts} ref={frame}>
        {sections.map(({ id }) => (
          <SectionBody key={id} id={id} />
        ))}
      </div>
    </div>
  );
}
