/** What Windows keeps for itself, with any extension. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/** Longest name that is offered, in characters: paths end at 260 on Windows, and folders take their part. */
const LONGEST = 80;

/** A name of a person's own as a file's name on every system: no separators, no signs that Windows refuses, not too long. */
export function fileName(name: string, extension: string): string {
  const plain = [...name.normalize("NFC")]
    .map((sign) => (/[\p{Cc}\p{Cf}\p{Cs}<>:"/\\|?*]/u.test(sign) ? " " : sign))
    .join("")
    .replace(/\s+/g, " ")
    .trim();
  const stem = [...plain]
    .slice(0, LONGEST)
    .join("")
    .replace(/[. ]+$/, "")
    .replace(/^[. ]+/, "");
  const safe = stem === "" ? "export" : reserved.test(stem) ? `${stem}_` : stem;
  return `${safe}.${extension}`;
}
