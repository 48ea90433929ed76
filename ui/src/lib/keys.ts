/** A key combination as it is written for people: `Ctrl+K`, `Shift+F10`, `?`. On a Mac, Ctrl stands for Command too. */
export function matchesKey(event: KeyboardEvent, combination: string): boolean {
  const parts = combination.split("+").filter((part) => part !== "");
  const key = parts.pop() ?? "+";
  const wants = (name: string) => parts.includes(name);
  const ctrl = event.ctrlKey || event.metaKey;
  const plain = key.length === 1 && !/[a-z0-9]/i.test(key);
  return (
    event.key.toLowerCase() === key.toLowerCase() &&
    ctrl === wants("Ctrl") &&
    event.altKey === wants("Alt") &&
    // A sign such as `?` is made with Shift on some keyboards and without on others.
    (plain || event.shiftKey === wants("Shift"))
  );
}

/** True while the person types text, so that single letters are not commands. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}
