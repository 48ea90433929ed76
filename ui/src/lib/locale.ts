/** The language numbers and dates are written in; undefined: the system's. */
let locale: string | undefined;
const caches = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat>();

export function setLocale(tag: string | undefined): void {
  locale = tag === "" ? undefined : tag;
  caches.clear();
}

export function dateFormat(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const known = caches.get(`d:${name}`);
  if (known instanceof Intl.DateTimeFormat) return known;
  const made = new Intl.DateTimeFormat(locale, options);
  caches.set(`d:${name}`, made);
  return made;
}

export function numberFormat(name: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const known = caches.get(`n:${name}`);
  if (known instanceof Intl.NumberFormat) return known;
  const made = new Intl.NumberFormat(locale, options);
  caches.set(`n:${name}`, made);
  return made;
}
