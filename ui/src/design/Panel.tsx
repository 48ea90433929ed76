import { Button } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";
import styles from "./Panel.module.css";

/** A side panel: heading, tools, body, foot. */
export function Panel({
  title,
  onClose,
  tools,
  children,
  foot,
}: {
  title: ReactNode;
  onClose?: () => void;
  tools?: ReactNode;
  children: ReactNode;
  foot?: ReactNode;
}) {
  return (
    <div className={styles.panel}>
      <header className={styles.head}>
        <h2 className={styles.title}>{title}</h2>
        {onClose ? (
          <Button
            size="small"
            appearance="subtle"
            icon={<DismissRegular />}
            aria-label="Close"
            title="Close (Esc)"
            onClick={onClose}
          />
        ) : null}
      </header>
      {tools ? <div className={styles.tools}>{tools}</div> : null}
      <div className={styles.body}>{children}</div>
      {foot ? <footer className={styles.foot}>{foot}</footer> : null}
    </div>
  );
}
