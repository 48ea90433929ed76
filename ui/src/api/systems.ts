import { useRead } from "./hooks";
import { isDatabase } from "./lights";

/** Whether a connection leads to a database: there is no solution, list, view or record of Dynamics 365 to ask for. */
export function useIsDatabase(connection: string): boolean {
  const all = useRead("connections.list", {});
  return (all.data ?? []).some((one) => one.name === connection && isDatabase(one));
}
