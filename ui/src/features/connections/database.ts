/** The parts of a PostgreSQL address, as they are typed. A server that begins with a slash is the folder of a socket. */
export interface DatabaseAddress {
  host: string;
  port: string;
  name: string;
  user: string;
  /** File with the certificate of the authority that signed the server's. */
  certificate: string;
}

/** The address of the parts. */
export function databaseUrl({ host, port, name, user }: DatabaseAddress): string {
  const [who, what, where] = [user, name, host].map((text) => text.trim()) as [string, string, string];
  const number = port.trim() || "5432";
  const path = `${encodeURIComponent(who)}@`;
  const database = encodeURIComponent(what);
  if (where.startsWith("/"))
    return `postgres://${path}/${database}?host=${encodeURIComponent(where)}&port=${number}`;
  const bracketed = where.includes(":") && !where.startsWith("[") ? `[${where}]` : where;
  return `postgres://${path}${bracketed}:${number}/${database}`;
}

/** The parts of an address, as the backend writes it. */
export function databaseAddress(url: string, certificate: string): DatabaseAddress {
  const [main = "", query = ""] = url.replace(/^postgres(ql)?:\/\//, "").split("?");
  const said = new URLSearchParams(query);
  const slash = main.indexOf("/");
  const authority = slash < 0 ? main : main.slice(0, slash);
  const name = slash < 0 ? "" : main.slice(slash + 1);
  const at = authority.lastIndexOf("@");
  const place = authority.slice(at + 1);
  const [, host = "", port = ""] = /^(\[[^\]]*\]|[^:]*):?(\d*)$/.exec(place) ?? [];
  return {
    host: said.get("host") ?? host.replace(/^\[|\]$/g, ""),
    port: said.get("port") ?? (port || "5432"),
    name: decodeURIComponent(name),
    user: at < 0 ? "" : decodeURIComponent(authority.slice(0, at)),
    certificate,
  };
}
