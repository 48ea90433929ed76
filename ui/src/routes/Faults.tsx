import { type ReactNode, useCallback } from "react";
import { type ApiError, errorLook, errorText, isApiError, toApiError, useRead } from "@/api";
import { FaultContext, type FaultInfo, type FaultLook } from "@/design";
import { actOn } from "./actions";
import { nav, useNav } from "./nav";

/** Gives each error its words and a remedy that works from where one is. */
export function Faults({ children }: { children: ReactNode }) {
  const { connection: current } = useNav();
  const connections = useRead("connections.list", {});
  const all = connections.data;
  const look = useCallback(
    (info: FaultInfo, onRetry?: () => void): FaultLook => {
      const error: ApiError = isApiError(info) ? info : toApiError(info);
      const { severity, title, remedy, action } = errorLook(error);
      const connection =
        all?.find(({ name }) => error.message.includes(name) && name !== current) ??
        all?.find(({ name }) => name === current);
      const act = ((): FaultLook["act"] => {
        switch (remedy) {
          case "retry":
            return onRetry ?? null;
          case "sign-in":
            return connection ? () => void actOn("sign-in", connection) : (onRetry ?? null);
          case "edit-connection":
            return connection ? () => void actOn("edit", connection) : null;
          case "unlock":
            return connection ? () => void actOn("unlock", connection) : null;
          case "settings":
            return () => nav.go({ at: "settings" });
          case "reload":
            return () => location.reload();
          case "pull":
          case "none":
            return null;
        }
      })();
      return { severity, title, action, act, text: errorText(error) };
    },
    [all, current],
  );
  return <FaultContext.Provider value={look}>{children}</FaultContext.Provider>;
}
