import {
  Link,
  Toast,
  ToastBody,
  Toaster,
  ToastFooter,
  ToastTitle,
  useId,
  useToastController,
} from "@fluentui/react-components";
import { useEffect } from "react";
import { type ApiError, errorText } from "@/api";
import { host } from "@/host";
import styles from "./shell.module.css";

export interface Notice {
  tone: "success" | "info" | "warning" | "error";
  title: string;
  text?: string;
  action?: { words: string; run: () => void };
  /** Kept with the notice, so that it can be copied for a support case. */
  fault?: ApiError;
}

/** How many notices are in sight at once; a low window (200 % zoom) has room for one. */
const most = () => (window.innerHeight < 560 ? 1 : 3);

/** Which notices in sight give way to one more: passing ones first, then whatever is oldest. */
export function makeRoom<T extends Pick<Notice, "tone" | "action">>(shown: readonly T[], room: number): T[] {
  const passing = ({ tone, action }: T) => !action && (tone === "success" || tone === "info");
  return [...shown.filter(passing), ...shown.filter((notice) => !passing(notice))].slice(
    0,
    Math.max(0, shown.length - room),
  );
}

const waiting: Notice[] = [];
let say: ((notice: Notice) => void) | null = null;

/** A passing notice. What needs an act is shown in place too. */
export function notify(notice: Notice): void {
  if (say) say(notice);
  else waiting.push(notice);
}

export function Notices() {
  const id = useId("notices");
  const { dispatchToast, dismissToast } = useToastController(id);
  useEffect(() => {
    let number = 0;
    let shown: (Notice & { toastId: string })[] = [];
    say = (notice) => {
      const { tone, title, text, action, fault } = notice;
      number += 1;
      const toastId = `${id}-${number}`;
      for (const { toastId: gone } of makeRoom(shown, most() - 1)) {
        dismissToast(gone);
        shown = shown.filter((one) => one.toastId !== gone);
      }
      shown.push({ ...notice, toastId });
      // What was offered once is not offered again beside what came of it.
      const act = action
        ? () => {
            dismissToast(toastId);
            action.run();
          }
        : undefined;
      dispatchToast(
        <Toast>
          <ToastTitle>
            <span className={styles.toastTitle} title={title}>
              {title}
            </span>
          </ToastTitle>
          {text ? (
            <ToastBody>
              <span className={styles.toastText} title={text}>
                {text}
              </span>
            </ToastBody>
          ) : null}
          {action || fault ? (
            <ToastFooter>
              {action ? (
                <Link as="button" onClick={act}>
                  {action.words}
                </Link>
              ) : null}
              {fault ? (
                <Link as="button" onClick={() => void host.copyText(errorText(fault))}>
                  Copy details
                </Link>
              ) : null}
            </ToastFooter>
          ) : null}
        </Toast>,
        {
          toastId,
          intent: tone,
          // Time enough to take something back.
          timeout: tone === "error" ? 15_000 : action ? 12_000 : tone === "success" ? 4000 : 6000,
          pauseOnHover: true,
          onStatusChange: (_, { status }) => {
            if (status === "dismissed" || status === "unmounted")
              shown = shown.filter((one) => one.toastId !== toastId);
          },
        },
      );
    };
    for (const notice of waiting.splice(0)) say(notice);
    return () => {
      say = null;
    };
  }, [dispatchToast, dismissToast, id]);
  return <Toaster toasterId={id} position="bottom-start" offset={{ vertical: 36, horizontal: 60 }} />;
}
