/** How well a query fits a text: null for not at all, larger is better. Letters must come in order; beginnings of words count more. */
export function fuzzyScore(query: string, text: string): number | null {
  const wanted = query.toLowerCase().replaceAll(" ", "");
  if (wanted === "") return 0;
  const haystack = text.toLowerCase();
  const direct = haystack.indexOf(query.toLowerCase().trim());
  if (direct === 0) return 1000 - haystack.length * 0.1;
  if (direct > 0) return (isStart(haystack, direct) ? 800 : 600) - direct - haystack.length * 0.1;
  let score = 0;
  let at = -1;
  for (const letter of wanted) {
    const next = haystack.indexOf(letter, at + 1);
    if (next < 0) return null;
    score += next === at + 1 ? 5 : isStart(haystack, next) ? 4 : 1;
    at = next;
  }
  return score - haystack.length * 0.05;
}

function isStart(text: string, index: number): boolean {
  return index === 0 || /[\s_\-./]/.test(text[index - 1] ?? "");
}

/** Those that fit, best first; with no query, all in their order. */
export function fuzzyFilter<T>(query: string, items: readonly T[], textOf: (item: T) => string): T[] {
  if (query.trim() === "") return [...items];
  return items
    .map((item) => ({ item, score: fuzzyScore(query, textOf(item)) }))
    .filter((entry): entry is { item: T; score: number } => entry.score !== null)
    .sort((a, b) => b.score - a.score)
    .map((entry) => entry.item);
}
