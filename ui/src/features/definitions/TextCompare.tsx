import { useMemo } from "react";
import compareStyles from "./compare.module.css";
import { lineDiff } from "./lineDiff";

interface Text {
  title: string;
  text: string;
}

/** Two texts beside each other, with the lines that differ marked. */
export function TextCompare({ before, after }: { before: Text; after: Text }) {
  const pairs = useMemo(() => lineDiff(before.text, after.text), [before.text, after.text]);
  return (
    <div className={compareStyles.compareFrame}>
      <table className={compareStyles.textCompare} dir="ltr">
        <thead>
          <tr>
            <th scope="col">{before.title}</th>
            <th scope="col">{after.title}</th>
          </tr>
        </thead>
        <tbody>
          {pairs.map(({ left, right }, index) => {
            const differs = left !== right;
            return (
              <tr key={index}>
                <td className={differs && left !== null ? compareStyles.gone : undefined}>{left}</td>
                <td className={differs && right !== null ? compareStyles.came : undefined}>{right}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
