import { Button } from "@fluentui/react-components";
import { type ReactNode, useState } from "react";
import { type ApiError, call, type Problem, toApiError } from "@/api";
import { Fault, sentence } from "@/design";
import { counted } from "@/lib/numbers";
import { importDefinition, openDefinitionFile } from "./files";
import frameStyles from "./frame.module.css";

/** Takes a definition from a file. One that can't be read is not taken, and everything that is wrong with it is listed. */
export function useImport(onTaken: (name: string) => void): { take: () => Promise<void>; said: ReactNode } {
  const [error, setError] = useState<ApiError | null>(null);
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  async function take() {
    setError(null);
    setProblems([]);
    try {
      const json = await openDefinitionFile();
      if (json === null) return;
      const check = await call("definitions.check", { json });
      if (check.definition === null) setProblems(check.problems);
      else onTaken(await importDefinition(json));
    } catch (fault) {
      setError(toApiError(fault));
    }
  }
  const said = error ? (
    <Fault fault={error} onDismiss={() => setError(null)} />
  ) : problems.length > 0 ? (
    <section className={frameStyles.fileProblems} aria-label="Problems of the file">
      <div>
        <b role="alert">The file was not taken: it has {counted(problems.length, "problem")}</b>
        <Button size="small" appearance="subtle" onClick={() => setProblems([])}>
          Dismiss
        </Button>
      </div>
      <ul>
        {problems.map((problem) => (
          <li key={`${problem.path}${problem.code}${problem.message}`}>
            <code>{problem.path || "the file"}</code> {problem.message.replace(/\.$/, "")}.{" "}
            {problem.hint ? sentence(problem.hint) : null}
          </li>
        ))}
      </ul>
    </section>
  ) : null;
  return { take, said };
}
