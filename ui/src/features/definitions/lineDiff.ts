/** Lines of two texts beside each other. */

export interface LinePair {
  left: string | null;
  right: string | null;
}

/** The longest common lines stay beside each other; what is between them stands alone on its side. */
export function lineDiff(before: string, after: string): LinePair[] {
  const a = before.trimEnd().split("\n");
  const b = after.trimEnd().split("\n");
  const width = b.length + 1;
  const length = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => length[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const pairs: LinePair[] = [];
  let removed: string[] = [];
  let added: string[] = [];
  const flush = () => {
    for (let k = 0; k < Math.max(removed.length, added.length); k++)
      pairs.push({ left: removed[k] ?? null, right: added[k] ?? null });
    removed = [];
    added = [];
  };
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      flush();
      pairs.push({ left, right });
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      removed.push(left);
      i += 1;
    } else if (right !== undefined) {
      added.push(right);
      j += 1;
    }
  }
  flush();
  return pairs;
}
