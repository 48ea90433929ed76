import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Spinner,
} from "@fluentui/react-components";
import { type ReactNode, useState } from "react";
import { Fault, type FaultInfo } from "./Fault";

/** A question before something that matters. The button says what will happen; a failure stays in the dialog. */
export function Confirm({
  open,
  onClose,
  title,
  children,
  action,
  danger,
  disabled,
  onConfirm,
  toFault,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  action: string;
  danger?: boolean;
  disabled?: boolean;
  onConfirm: () => void | Promise<void>;
  toFault?: (error: unknown) => FaultInfo;
}) {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<FaultInfo | null>(null);
  async function confirm() {
    setBusy(true);
    setFault(null);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setFault(
        toFault?.(error) ?? {
          code: "internal",
          message: String(error),
          hint: null,
          detail: null,
          request_id: null,
          service_code: null,
        },
      );
    } finally {
      setBusy(false);
    }
  }
  return (
    <Dialog
      open={open}
      modalType={danger ? "alert" : "modal"}
      onOpenChange={(_, data) => !data.open && !busy && onClose()}
    >
      <DialogSurface>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (!disabled && !busy) void confirm();
          }}
        >
          <DialogBody>
            <DialogTitle>{title}</DialogTitle>
            <DialogContent>
              {children}
              {fault ? <Fault fault={fault} /> : null}
            </DialogContent>
            <DialogActions>
              <Button type="button" onClick={onClose} disabled={busy}>
                Cancel
              </Button>
              <Button
                type="submit"
                appearance="primary"
                disabled={disabled || busy}
                icon={busy ? <Spinner size="extra-tiny" /> : undefined}
                style={{
                  whiteSpace: "nowrap",
                  maxWidth: "none",
                  ...(danger && !disabled
                    ? { background: "var(--colorStatusDangerBackground3)", color: "#fff" }
                    : {}),
                }}
              >
                {action}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
