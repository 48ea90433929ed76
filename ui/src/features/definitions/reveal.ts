/** Finding the line of the form that a path of the definition is about. */

/** The element that stands for a path, or for the nearest place around it. */
export function placeOf(frame: HTMLElement, path: string): HTMLElement | null {
  let best: HTMLElement | null = null;
  for (const element of frame.querySelectorAll<HTMLElement>("[data-path]")) {
    const own = element.dataset.path ?? "";
    const holds = path === own || path.startsWith(`${own}.`) || path.startsWith(`${own}[`);
    if (holds && own.length > (best?.dataset.path?.length ?? -1)) best = element;
  }
  return best;
}

/** Brings a path's line into sight and puts the cursor into its first field. */
export function showPath(frame: HTMLElement, path: string, part: string): void {
  const place = placeOf(frame, path) ?? frame.querySelector<HTMLElement>(`[data-part="${part}"]`);
  if (!place) return;
  place.scrollIntoView({ block: "center" });
  const controls = 'input, textarea, [contenteditable="true"], button, [tabindex="0"]';
  const wanted = path.endsWith(".from") ? place.querySelectorAll<HTMLElement>("input")[1] : undefined;
  const first = place.matches(controls) ? place : (wanted ?? place.querySelector<HTMLElement>(controls));
  first?.focus({ preventScroll: true });
}
