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

export interface Notice {
  tone: "success" | "info" | "warning" | "error";
  title: string;
  text?: string;
  action?: { words: string; run: () => void };
  /** Kept with the notice, so that it can be copied for a support case. */
  fault?: ApiError;
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
    say = ({ tone, title, text, action, fault }) => {
      number += 1;
      const toastId = `${id}-${number}`;
      // What was offered once is not offered again beside what came of it.
      const act = action
        ? () => {
            dismissToast(toastId);
            action.run();
          }
        : undefined;
      dispatchToast(
        <Toast>
          <ToastTitle>{title}</ToastTitle>
          {text ? <ToastBody>{text}</ToastBody> : null}
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
