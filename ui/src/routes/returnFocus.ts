import { dialogOpen, watchDialogs } from "./toasts";

/** So many elements are remembered: what opened a dialog may be gone with its menu, and then the menu's button takes the focus. */
const REMEMBERED = 6;

/** It is in the page and no part of what is hidden. */
export const isDrawn = (element: Element): boolean => element.getClientRects().length > 0;

/**
 * Gives the focus back to where it was when a dialog closes. A dialog that no trigger of Fluent's opened leaves it nowhere, and
 * the keyboard would begin at the window's top again. Ends with what it returns.
 */
export function returnFocus(): () => void {
  let before: readonly HTMLElement[] = [];
  let open = dialogOpen();
  const remember = ({ target }: FocusEvent) => {
    if (!(target instanceof HTMLElement) || target.closest("[role=dialog], [role=alertdialog]")) return;
    before = [...before.filter((one) => one !== target), target].slice(-REMEMBERED);
  };
  const stop = watchDialogs(() => {
    const now = dialogOpen();
    const closed = open && !now;
    open = now;
    if (!closed) return;
    // Whoever closes it may put the focus somewhere itself.
    requestAnimationFrame(() => {
      if (document.activeElement !== document.body && document.activeElement !== null) return;
      before.findLast((one) => isDrawn(one) && !one.matches(":disabled"))?.focus();
    });
  });
  document.addEventListener("focusin", remember);
  return () => {
    stop();
    document.removeEventListener("focusin", remember);
  };
}
