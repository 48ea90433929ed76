import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { describe, expect, it, vi } from "vitest";
import { Segmented, StatusLight, Time } from "./basics";
import { CountBar } from "./CountBar";
import { columnAct } from "./columnKeys";
import { Elapsed, elapsedText } from "./Elapsed";
import { Fault, FaultContext, sentence } from "./Fault";
import { fixedColumns, moveCell, placeOf, rangeSelection } from "./grid-types";

const fault = {
  code: "unreachable",
  message: "the environment can't be reached",
  hint: "check the network",
  detail: "dns error",
  request_id: "42",
  service_code: null,
};

describe("an error in place", () => {
  it("says what happened and what to do, and does it", async () => {
    const act = vi.fn();
    render(
      <FaultContext.Provider
        value={() => ({ severity: "error", title: "Not reached", action: "Try again", act, text: "all" })}
      >
        <Fault fault={fault} />
      </FaultContext.Provider>,
    );
    expect(screen.getByRole("alert").textContent).toContain("The environment can't be reached.");
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(act).toHaveBeenCalledOnce();
    expect(screen.queryByText("dns error")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Details" }));
    expect(screen.getByText("dns error")).toBeTruthy();
    expect(screen.getByText("42")).toBeTruthy();
  });
  it("shows a stranger's text as text", () => {
    const { container } = render(<Fault fault={{ ...fault, message: "<b>bad</b>" }} />);
    expect(container.querySelector("b")).toBeNull();
  });
  it("writes sentences", () => {
    expect(sentence("no such entity")).toBe("No such entity.");
    expect(sentence("Really?")).toBe("Really?");
    expect(sentence("http://127.0.0.1:41857 on this machine")).toBe(
      "http://127.0.0.1:41857 on this machine.",
    );
    expect(sentence("new_project is not there")).toBe("new_project is not there.");
  });
});

describe("a choice of a few", () => {
  function Place() {
    const [value, setValue] = useState<"a" | "b" | "c">("a");
    return (
      <Segmented
        label="Which"
        value={value}
        onChange={setValue}
        options={[
          { value: "a", label: "A" },
          { value: "b", label: "B", disabled: true },
          { value: "c", label: "C" },
        ]}
      />
    );
  }
  it("moves by arrow keys over what can't be chosen", () => {
    render(<Place />);
    fireEvent.keyDown(screen.getByRole("radio", { name: "A" }), { key: "ArrowRight" });
    expect(screen.getByRole("radio", { name: "C" }).getAttribute("aria-checked")).toBe("true");
  });
});

describe("the grid's keys", () => {
  it("stay inside", () => {
    expect(moveCell({ row: 0, column: 0 }, "ArrowUp", false, 5, 3, 2)).toEqual({ row: 0, column: 0 });
    expect(moveCell({ row: 3, column: 1 }, "PageDown", false, 5, 3, 10)).toEqual({ row: 4, column: 1 });
    expect(moveCell({ row: 3, column: 1 }, "End", true, 5, 3, 10)).toEqual({ row: 4, column: 2 });
    expect(moveCell({ row: 3, column: 1 }, "x", false, 5, 3, 10)).toBeNull();
  });
  it("select a range either way", () => {
    expect([...rangeSelection(4, 2)]).toEqual([2, 3, 4]);
  });
});

describe("small parts", () => {
  it("say their state without colour, and UTC on hover", () => {
    render(
      <>
        <StatusLight light="red" label="Broken: expired" hideLabel />
        <Time iso="2020-01-02T03:04:05Z" />
      </>,
    );
    expect(screen.getByText("Broken: expired")).toBeTruthy();
    expect(screen.getByTitle("2020-01-02 03:04:05 UTC")).toBeTruthy();
  });
  it("filter by a part of a count", async () => {
    const onSelect = vi.fn();
    render(
      <CountBar
        label="Counts"
        selected={null}
        onSelect={onSelect}
        parts={[
          { key: "create", label: "create", value: 1204, tone: "create" },
          { key: "skip", label: "skip", value: 0, tone: "skip" },
        ]}
      />,
    );
    await userEvent.click(screen.getByRole("button", { name: /create/ }));
    expect(onSelect).toHaveBeenCalledWith("create");
    expect(screen.getByRole("button", { name: /skip/ }).hasAttribute("disabled")).toBe(true);
  });
  it("leave room for what is not counted yet", () => {
    const parts = (value: number) => [{ key: "created", label: "created", value, tone: "create" as const }];
    const { container, rerender } = render(
      <CountBar label="Counts" selected={null} total={4000} parts={parts(1000)} />,
    );
    const grown = () =>
      [...container.querySelectorAll<HTMLElement>("[aria-hidden] > span")].map((one) => one.style.flexGrow);
    expect(grown()).toEqual(["25", "75"]);
    rerender(<CountBar label="Counts" selected={null} total={4000} parts={parts(4000)} />);
    expect(grown()).toEqual(["100"]);
  });
});

describe("columns that stay in place", () => {
  const columns = [{ width: 200 }, { width: 150 }, { width: 100 }];

  it("stand one behind the other, behind the ticks", () => {
    expect(placeOf(columns, 0, 2, 36)).toEqual({ insetInlineStart: 36 });
    expect(placeOf(columns, 1, 2, 36)).toEqual({ insetInlineStart: 236 });
    expect(placeOf(columns, 2, 2, 36)).toEqual({});
  });

  it("are at least one and leave room to the others", () => {
    expect(fixedColumns(columns, 0, 1200)).toBe(1);
    expect(fixedColumns(columns, 9, 1200)).toBe(3);
    expect(fixedColumns(columns, 3, 600)).toBe(2);
    expect(fixedColumns(columns, 3, 100)).toBe(1);
    expect(fixedColumns([], 2, 600)).toBe(0);
  });
});

describe("time as it runs", () => {
  it("is written shorter the longer it takes", () => {
    expect([0, 340, 9_990, 12_400, 61_000, 3_725_000].map(elapsedText)).toEqual([
      "0.0 s",
      "0.3 s",
      "9.9 s",
      "12 s",
      "1 min 1 s",
      "62 min 5 s",
    ]);
  });
  it("counts up, and screen readers are told once", async () => {
    const { container } = render(<Elapsed label="Running…" />);
    const time = container.querySelector("[data-elapsed]");
    expect(time?.getAttribute("aria-hidden")).toBe("true");
    await waitFor(() => expect(time?.textContent).not.toBe("0.0 s"));
  });
});

describe("columns by keyboard", () => {
  const columns = ["a", "b", "c"].map((key) => ({
    key,
    title: key,
    width: 100,
    sortable: key !== "c",
    cell: () => null,
    text: () => "",
  }));
  const press = (key: string, held: string) => ({
    key,
    altKey: held.includes("alt"),
    shiftKey: held.includes("shift"),
    ctrlKey: held.includes("ctrl"),
    metaKey: false,
  });
  it("Alt+Shift changes width and order, within limits", () => {
    const narrow = columnAct(press("ArrowLeft", "alt shift"), columns, 0);
    expect(narrow).toEqual({ act: "resize", key: "a", width: 76 });
    const least = columns.map((column) => ({ ...column, width: 60 }));
    expect(columnAct(press("ArrowLeft", "alt shift"), least, 0)).toMatchObject({ width: 56 });
    const held = new Map([["a", 148]]);
    expect(columnAct(press("ArrowRight", "alt shift"), columns, 0, held)).toMatchObject({ width: 172 });
    expect(columnAct(press("ArrowDown", "alt shift"), columns, 1)).toEqual({
      act: "sort",
      sort: { key: "b", descending: true },
    });
    expect(columnAct(press("ArrowDown", "alt shift"), columns, 2)).toBeNull();
  });
  it("Ctrl+Shift moves, up to the edges", () => {
    const move = (at: number, key: string) => columnAct(press(key, "ctrl shift"), columns, at);
    expect(move(0, "ArrowRight")).toEqual({ act: "move", key: "a", before: "c", to: 1 });
    expect(move(1, "ArrowRight")).toEqual({ act: "move", key: "b", before: null, to: 2 });
    expect(move(1, "ArrowLeft")).toEqual({ act: "move", key: "b", before: "a", to: 0 });
    expect([move(0, "ArrowLeft"), move(2, "ArrowRight")]).toEqual([null, null]);
    expect(columnAct(press("ArrowRight", "shift"), columns, 0)).toBeNull();
  });
});
