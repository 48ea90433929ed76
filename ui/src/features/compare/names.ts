/** The names of a text such as `lastname, emailaddress1`, each once. */
export function namesIn(text: string): string[] {
  return [
    ...new Set(
      text
        .split(",")
        .map((part) => part.trim())
        .filter(Boolean),
    ),
  ];
}

/** What is being typed: the part behind the last comma. */
export function wordAtEnd(text: string): string {
  return text.slice(text.lastIndexOf(",") + 1).trim();
}

/** Names as a text that goes on behind them. */
export function listed(names: readonly string[]): string {
  return names.length === 0 ? "" : `${names.join(", ")}, `;
}
