import { type KeyboardEvent, type SVGProps, useRef, useState } from "react";
import type { RelationshipKind } from "@/api";
import { counted } from "@/lib/numbers";
import styles from "./Diagram.module.css";
import { kindMarks, kinds, kindWords, type Neighbour, wayWords } from "./neighbours";

/** Neighbours of one kind that are drawn; the list beside the diagram holds them all. */
const MOST = 14;
const NODE = { width: 200, height: 40, gap: 10 };
const WIDTH = 820;
const CENTRE = { width: 180, height: 56 };

interface Placed {
  neighbour: Neighbour;
  x: number;
  y: number;
}

/** Places of the drawn neighbours: what is pointed at on the left, what points here on the right, links below. */
export function layout(groups: ReadonlyMap<RelationshipKind, readonly Neighbour[]>): {
  placed: Placed[];
  height: number;
  centre: { x: number; y: number };
} {
  const of = (kind: RelationshipKind) => (groups.get(kind) ?? []).slice(0, MOST);
  const step = NODE.height + NODE.gap;
  const [left, right, below] = [of("many-to-one"), of("one-to-many"), of("many-to-many")];
  const sides = Math.max(left.length, right.length, 2) * step;
  const top = 34;
  const middle = top + sides / 2;
  const column = (list: readonly Neighbour[], x: number): Placed[] =>
    list.map((neighbour, at) => ({
      neighbour,
      x,
      y: middle - (list.length * step) / 2 + at * step + NODE.gap / 2,
    }));
  const perRow = 3;
  const rowTop = top + sides + 40;
  const bottom = below.map((neighbour, at) => ({
    neighbour,
    x: 90 + (at % perRow) * (NODE.width + 20),
    y: rowTop + Math.floor(at / perRow) * step,
  }));
  const rows = Math.ceil(below.length / perRow);
  return {
    placed: [...column(left, 10), ...column(right, WIDTH - NODE.width - 10), ...bottom],
    height: rowTop + (rows > 0 ? rows * step + 10 : -20),
    centre: { x: WIDTH / 2, y: middle },
  };
}

/** An entity in the middle of its neighbours. Arrow keys go from one to the next, Enter opens it. */
export function Diagram({
  name,
  logicalName,
  groups,
  onOpen,
}: {
  name: string;
  logicalName: string;
  groups: ReadonlyMap<RelationshipKind, readonly Neighbour[]>;
  onOpen: (entity: string) => void;
}) {
  const [at, setAt] = useState(0);
  const frame = useRef<SVGSVGElement>(null);
  const { placed, height, centre } = layout(groups);
  const current = Math.min(at, Math.max(0, placed.length - 1));
  const hidden = kinds
    .map((kind) => ({ kind, more: Math.max(0, (groups.get(kind)?.length ?? 0) - MOST) }))
    .filter(({ more }) => more > 0);

  function onKeyDown(event: KeyboardEvent) {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    const step = steps[event.key];
    const next =
      event.key === "Home" ? 0 : event.key === "End" ? placed.length - 1 : step ? current + step : null;
    if (next !== null && next >= 0 && next < placed.length) {
      event.preventDefault();
      setAt(next);
      frame.current?.querySelectorAll<SVGGElement>("[data-node]")[next]?.focus();
    }
    const here = placed[current];
    if ((event.key === "Enter" || event.key === " ") && here) {
      event.preventDefault();
      onOpen(here.neighbour.entity);
    }
  }

  return (
    <figure className={styles.figure}>
      <svg
        ref={frame}
        className={styles.diagram}
        viewBox={`0 0 ${WIDTH} ${height}`}
        role="group"
        aria-label={`Neighbours of ${name}`}
        onKeyDown={onKeyDown}
      >
        {kinds.map((kind) => {
          const first = placed.find(({ neighbour }) => neighbour.kind === kind);
          if (!first) return null;
          return (
            <text
              key={kind}
              className={styles.groupTitle}
              x={first.x}
              y={kind === "many-to-many" ? first.y - 10 : 20}
            >
              {`${kindMarks[kind]} · ${kindWords[kind]} ${groups.get(kind)?.length ?? 0}`}
            </text>
          );
        })}
        {placed.map(({ neighbour, x, y }) => (
          <path
            key={`${neighbour.kind}/${neighbour.entity}`}
            className={styles.edge}
            d={edge(neighbour.kind, x, y, centre)}
            aria-hidden
          />
        ))}
        <g transform={`translate(${centre.x - CENTRE.width / 2} ${centre.y - CENTRE.height / 2})`}>
          <rect className={styles.centre} width={CENTRE.width} height={CENTRE.height} rx={6} />
          <Line
            x={CENTRE.width / 2}
            y={24}
            textAnchor="middle"
            className={styles.centreName}
            text={name}
            most={22}
          />
          <Line
            x={CENTRE.width / 2}
            y={42}
            textAnchor="middle"
            className={styles.centreLogical}
            text={logicalName}
            most={26}
          />
        </g>
        {placed.map(({ neighbour, x, y }, index) => (
          <g
            key={`${neighbour.kind}/${neighbour.entity}`}
            data-node
            className={styles.node}
            role="button"
            tabIndex={index === current ? 0 : -1}
            aria-label={`${neighbour.name}, ${kindMarks[neighbour.kind]}, by ${wayWords(neighbour)}`}
            transform={`translate(${x} ${y})`}
            onClick={() => onOpen(neighbour.entity)}
            onFocus={() => setAt(index)}
          >
            <title>
              {`${neighbour.name} (${neighbour.entity})\n${neighbour.relationships.map((one) => one.name).join("\n")}`}
            </title>
            <rect width={NODE.width} height={NODE.height} rx={5} />
            <Line x={10} y={17} className={styles.nodeName} text={neighbour.name} most={28} />
            <Line x={10} y={32} className={styles.nodeWay} text={wayWords(neighbour)} most={32} />
          </g>
        ))}
      </svg>
      {hidden.length > 0 ? (
        <figcaption className={styles.more}>
          Not drawn, but in the list:{" "}
          {hidden
            .map(({ kind, more }) => `${counted(more, "more entity", "more entities")} ${kindMarks[kind]}`)
            .join(", ")}
          . Search to narrow them.
        </figcaption>
      ) : null}
    </figure>
  );
}

/** A curve from the middle to a neighbour. */
function edge(kind: RelationshipKind, x: number, y: number, centre: { x: number; y: number }): string {
  if (kind === "many-to-many") {
    const from = { x: centre.x, y: centre.y + CENTRE.height / 2 };
    const to = { x: x + NODE.width / 2, y };
    return `M ${from.x} ${from.y} C ${from.x} ${(from.y + to.y) / 2}, ${to.x} ${(from.y + to.y) / 2}, ${to.x} ${to.y}`;
  }
  const isLeft = kind === "many-to-one";
  const from = { x: centre.x + ((isLeft ? -1 : 1) * CENTRE.width) / 2, y: centre.y };
  const to = { x: isLeft ? x + NODE.width : x, y: y + NODE.height / 2 };
  const half = (from.x + to.x) / 2;
  return `M ${from.x} ${from.y} C ${half} ${from.y}, ${half} ${to.y}, ${to.x} ${to.y}`;
}

/** A line of text, cut where it would leave its box. */
function Line({ text, most, ...rest }: { text: string; most: number } & SVGProps<SVGTextElement>) {
  const letters = [...text];
  return <text {...rest}>{letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text}</text>;
}
