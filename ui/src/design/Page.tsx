import type { ReactNode } from "react";
import styles from "./Page.module.css";

/** A screen: a head with what it is and what can be done, then its body. */
export function Page({
  title,
  sub,
  actions,
  notices,
  children,
  scroll,
  toolbar,
}: {
  title: ReactNode;
  sub?: ReactNode;
  actions?: ReactNode;
  toolbar?: ReactNode;
  notices?: ReactNode;
  children: ReactNode;
  /** The body scrolls as a whole; without it the body manages its own space. */
  scroll?: boolean;
}) {
  return (
    <section className={styles.page}>
      <header className={styles.head}>
        <div className={styles.titles}>
          <h1 className={styles.title}>{title}</h1>
          {sub ? <div className={styles.sub}>{sub}</div> : null}
        </div>
        {actions ? <div className={styles.actions}>{actions}</div> : null}
      </header>
      {notices ? <div className={styles.notices}>{notices}</div> : null}
      {toolbar ? <div className={styles.toolbar}>{toolbar}</div> : null}
      <div className={scroll ? styles.bodyScroll : styles.body}>{children}</div>
    </section>
  );
}

/** A part of a page with its own small heading. */
export function Section({
  title,
  aside,
  children,
}: {
  title: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={styles.section}>
      <div className={styles.sectionHead}>
        <h2>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
