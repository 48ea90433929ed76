import { useCallback, useRef, useState } from "react";
import { type ApiError, call, type QueryLanguage, type QueryPage, toApiError } from "@/api";

export interface Run {
  pages: readonly QueryPage[];
  running: boolean;
  /** It was stopped by a person. */
  cancelled: boolean;
  error: ApiError | null;
  /** Milliseconds of all pages. */
  millis: number;
  start: (text: string, language: QueryLanguage) => void;
  more: () => void;
  cancel: () => void;
}

interface State {
  text: string;
  language: QueryLanguage;
  pages: QueryPage[];
  running: boolean;
  cancelled: boolean;
  error: ApiError | null;
}

const nothing: State = {
  text: "",
  language: "fetchxml",
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
    async (text: string, language: QueryLanguage, before: QueryPage[]) => {
      const id = crypto.randomUUID();
      run.current = id;
      setState({ text, language, pages: before, running: true, cancelled: false, error: null });
      try {
        const cursor = before.at(-1)?.next ?? undefined;
        const page = await call("queries.run", { connection, language, text, cursor, run: id });
        if (run.current === id)
          setState({
            text,
            language,
            pages: [...before, page],
            running: false,
            cancelled: false,
            error: null,
          });
      } catch (error) {
        if (run.current === id)
          setState({
            text,
            language,
            pages: before,
            running: false,
            cancelled: false,
            error: toApiError(error),
          });
      }
    },
    [connection],
  );
  return {
    pages: state.pages,
    running: state.running,
    cancelled: state.cancelled,
    error: state.error,
    millis: state.pages.reduce((sum, page) => sum + page.millis, 0),
    start: (text, language) => void ask(text, language, []),
    more: () => {
      if (!state.running && !state.error && !state.cancelled && state.pages.at(-1)?.next)
        void ask(state.text, state.language, state.pages);
    },
    cancel: () => {
      void call("queries.cancel", { run: run.current }).catch(() => undefined);
      run.current = "";
      setState((old) => ({ ...old, running: false, cancelled: true }));
    },
  };
}
