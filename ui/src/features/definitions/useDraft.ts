import { useEffect, useRef, useState } from "react";
import { isRecord, readKept, writeKept } from "@/api";

interface Kept {
  json: string;
}

const isKept = (value: unknown): value is Kept | null =>
  value === null || (isRecord(value) && typeof value.json === "string");

/**
 * Text that is not saved is kept under the definition's name, taken up again when the editor opens, and asked about before the
 * window closes. True when a text of an earlier sitting was taken up.
 */
export function useDraft(
  name: string,
  text: { json: string; dirty: boolean; held: boolean },
  take: (json: string) => void,
): boolean {
  const key = `definition-draft/${name}`;
  const [recovered, setRecovered] = useState(false);
  const latest = useRef({ key, text, take, read: false });
  latest.current.key = key;
  latest.current.text = text;
  latest.current.take = take;

  useEffect(() => {
    let gone = false;
    void readKept(key, isKept, null)
      .catch(() => null)
      .then((kept) => {
        if (gone) return;
        latest.current.read = true;
        const { json, dirty } = latest.current.text;
        if (kept === null || dirty || kept.json === json) return;
        latest.current.take(kept.json);
        setRecovered(true);
      });
    return () => {
      gone = true;
      const { read, text: last, key: now } = latest.current;
      // Under another name it is kept from then on.
      const held = last.held && now === key;
      if (read) void writeKept(key, held ? { json: last.json } : null).catch(() => undefined);
    };
  }, [key]);

  const { json, held, dirty } = text;
  useEffect(() => {
    if (!held) return;
    const timer = setTimeout(() => void writeKept(key, { json }).catch(() => undefined), 600);
    return () => clearTimeout(timer);
  }, [key, json, held]);
  useEffect(() => {
    if (dirty) return;
    setRecovered(false);
    if (latest.current.read) void writeKept(key, null).catch(() => undefined);
  }, [key, dirty]);
  useEffect(() => {
    if (!held) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [held]);
  return recovered;
}
