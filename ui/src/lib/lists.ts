import { count } from "./numbers";
import { shortLocal } from "./time";

/** What is told of a marketing list beside its name. */
export interface ListFacts {
  dynamic: boolean;
  members: number | null;
  active: boolean;
  last_used: string | null;
}

/** `static · 40 members · used 3 Feb`; a dynamic list's own number is not kept up to date, so it is not told. */
export function listLine(list: ListFacts): string {
  const parts = [list.dynamic ? "dynamic" : "static"];
  if (list.members !== null)
    parts.push(`${count(list.members)} ${list.members === 1 ? "member" : "members"}`);
  parts.push(list.last_used ? `used ${shortLocal(list.last_used)}` : "never used");
  if (!list.active) parts.push("inactive");
  return parts.join(" · ");
}
