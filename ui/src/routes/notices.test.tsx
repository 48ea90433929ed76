import { AriaLiveAnnouncer } from "@fluentui/react-components";
import { act, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { Notices, notify } from "./toasts";

afterEach(() => vi.useRealTimers());

it("a notice that comes while a dialog is open is said aloud, and stays until it can be read", async () => {
  vi.useFakeTimers();
  const dialog = document.createElement("div");
  dialog.setAttribute("aria-modal", "true");
  document.body.append(dialog);
  render(
    <AriaLiveAnnouncer>
      <Notices />
    </AriaLiveAnnouncer>,
  );
  act(() => notify({ tone: "success", title: "Pulling contact: done", text: "12 records" }));
  await act(() => vi.advanceTimersByTimeAsync(100));
  expect(document.querySelector("[aria-live]:not([role])")?.textContent).toContain("12 records");
  await act(() => vi.advanceTimersByTimeAsync(60_000));
  expect(screen.queryByRole("button", { name: /Close the notice/ })).not.toBeNull();
  dialog.remove();
  await act(() => vi.advanceTimersByTimeAsync(3000));
  expect(screen.queryByRole("button", { name: /Close the notice/ })).not.toBeNull();
  await act(() => vi.advanceTimersByTimeAsync(2000));
  expect(screen.queryByRole("button", { name: /Close the notice/ })).toBeNull();
});
