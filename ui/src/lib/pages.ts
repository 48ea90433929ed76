/** Which pages of `size` rows cover rows `first` to `last`. */
export function pagesFor(first: number, last: number, size: number): number[] {
  const from = Math.max(0, Math.floor(first / size));
  const to = Math.max(from, Math.floor(last / size));
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
