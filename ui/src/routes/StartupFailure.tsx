import { KeyResetRegular } from "@fluentui/react-icons";
import { type ApiError, errorLook } from "@/api";
import { Fault, sentence } from "@/design";
import styles from "./startup.module.css";

/** What a person can do when the application can't begin. */
const remedies: Partial<Record<ApiError["code"], readonly string[]>> = {
  keychain_unavailable: [
    "On Linux: install and unlock a keyring that speaks the Secret Service, such as GNOME Keyring or KWallet, then try again.",
    "On Windows and macOS: sign in to your user account again, so that its credential store or keychain is unlocked.",
    "Nothing is lost: the store stays as it is until its key can be read.",
  ],
  store_key_wrong: [
    "The store was made under another user account or keychain than this one. Start Syncline there, or restore that keychain.",
    "Or move the store's folder away and start again: connections and cached records are then made anew.",
  ],
  store_newer: ["Install the newer version of Syncline that wrote this store. Nothing was changed."],
  store_corrupt: [
    "Restore the store's folder from a backup.",
    "Or move the folder away and start again. What is in Dynamics and in your definition files is not touched.",
  ],
};

export function StartupFailure({ error, onRetry }: { error: ApiError; onRetry: () => void }) {
  const steps = remedies[error.code] ?? [];
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <span className={styles.icon} aria-hidden>
          <KeyResetRegular />
        </span>
        <h1>Syncline can't start: {errorLook(error).title.toLowerCase()}</h1>
        {steps.length > 0 ? (
          <ul>
            {steps.map((step) => (
              <li key={step}>{sentence(step)}</li>
            ))}
          </ul>
        ) : null}
        <Fault fault={error} onRetry={onRetry} />
      </div>
    </main>
  );
}
