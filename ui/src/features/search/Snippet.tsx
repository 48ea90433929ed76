import styles from "./search.module.css";

/** A text with its hits marked; the backend puts them between ⟦ and ⟧. */
export function Snippet({ text }: { text: string }) {
  return (
    <bdi dir="auto" className={styles.snippet}>
      {splitHits(text).map((part, index) =>
        part.hit ? <mark key={index}>{part.text}</mark> : <span key={index}>{part.text}</span>,
      )}
    </bdi>
  );
}

export function splitHits(text: string): { text: string; hit: boolean }[] {
  return text
    .split(/(⟦[^⟧]*⟧)/)
    .filter((part) => part !== "")
    .map((part) =>
      part.startsWith("⟦") && part.endsWith("⟧")
        ? { text: part.slice(1, -1), hit: true }
        : { text: part, hit: false },
    );
}
