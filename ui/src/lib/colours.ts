/** Black or white, whichever reads better on a colour (`#rrggbb`). */
export function readableOn(colour: string): "#000000" | "#ffffff" {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (!match) return "#ffffff";
  const [r, g, b] = match.slice(1).map((hex) => {
    const part = Number.parseInt(hex, 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return luminance > 0.2 ? "#000000" : "#ffffff";
}

/** Colours a person picks a connection's colour from; told apart by hue and readable with white or black on them. */
export const connectionColours: readonly { value: string; name: string }[] = [
  { value: "#0f6cbd", name: "Blue" },
  { value: "#038387", name: "Teal" },
  { value: "#107c10", name: "Green" },
  { value: "#6b7a0f", name: "Olive" },
  { value: "#c19c00", name: "Gold" },
  { value: "#ca5010", name: "Orange" },
  { value: "#c50f1f", name: "Red" },
  { value: "#c239b3", name: "Magenta" },
  { value: "#8764b8", name: "Purple" },
  { value: "#5c2e91", name: "Violet" },
  { value: "#69797e", name: "Steel" },
  { value: "#7a4f2b", name: "Brown" },
];
