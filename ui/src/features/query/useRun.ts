import { useCallback, useRef, useState } from "react";
import { type ApiError, call, type QueryLanguage, type QueryPage, toApiError } from "@/api";

export interface Run {
  /** What ran last. */
  asked: { text: string; language: QueryLanguage; cached: boolean };
  pages: readonly QueryPage[];
  running: boolean;
  /** It was stopped by a person. */
  cancelled: boolean;
  error: ApiError | null;
  /** Milliseconds of all pages. */
  millis: number;
  start: (text: string, language: QueryLanguage, cached: boolean) => void;
  more: () => void;
  cancel: () => void;
}

interface State {
  text: string;
  language: QueryLanguage;
  cached: boolean;
  pages: QueryPage[];
  running: boolean;
  cancelled: boolean;
  error: ApiError | null;
}

const nothing: State = {
  text: "",
  language: "fetchxml",
  cached: false,
  pages: [],
  running: false,
  cancelled: false,
  error: null,
};

/** A query under way: its first page, and further ones as one scrolls. */
export function useRun(connection: string): Run {
  const [state, setState] = useState<State>(nothing);
  const run = useRef("");
  const ask = useCallback(
    async (text: string, language: QueryLanguage, cached: boolean, before: QueryPage[]) => {
      const id = crypto.randomUUID();
      run.current = id;
      const asked = { text, language, cached, cancelled: false, error: null };
      setState({ ...asked, pages: before, running: true });
      try {
        const cursor = before.at(-1)?.next ?? undefined;
        const page = await call("queries.run", {
          connection,
          language,
          text,
          cursor,
          run: id,
          cached: cached || undefined,
        });
        if (run.current === id) setState({ ...asked, pages: [...before, page], running: false });
      } catch (error) {
        if (run.current === id)
          setState({ ...asked, pages: before, running: false, error: toApiError(error) });
      }
    },
    [connection],
  );
  return {
    asked: { text: state.text, language: state.language, cached: state.cached },
    pages: state.pages,
    running: state.running,
    cancelled: state.cancelled,
    error: state.error,
    millis: state.pages.reduce((sum, page) => sum + page.millis, 0),
    start: (text, language, cached) => void ask(text, language, cached, []),
    more: () => {
      if (!state.running && !state.error && !state.cancelled && state.pages.at(-1)?.next)
        void ask(state.text, state.language, state.cached, state.pages);
    },
    cancel: () => {
      void call("queries.cancel", { run: run.current }).catch(() => undefined);
      run.current = "";
      setState((old) => ({ ...old, running: false, cancelled: true }));
    },
  };
}
