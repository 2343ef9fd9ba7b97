import { armFlow, type FlowNode, participantFlow, type TrialTable } from '@cairn/monitoring';
import { ARM } from './masking.js';
import type { MaskedTable } from './report.js';
import { markup, type Markup } from './markup.js';

/** The participant flow of all arms together; undefined where there is no table of it. */
export function flowOf(tables: readonly TrialTable[]): FlowNode | undefined {
  const flow = tables.find(({ table }) => table === 'flow');
  return flow && participantFlow(flow);
}

/** The box from which the arms part. */
const PARTING = 'randomised';

/** The same flow up to randomisation, and from there on arm by masked arm. @param arms the masked table `arms` */
export function flowByArm(flow: FlowNode, arms: MaskedTable): FlowNode {
  if (flow.id !== PARTING) return { ...flow, children: flow.children.map((child) => flowByArm(child, arms)) };
  const children = arms.rows.flatMap((row): FlowNode[] => {
    const letter = String(row[ARM]);
    const node = armFlow(arms, letter);
    return node ? [{ ...node, id: ARM, label: `Arm ${letter}` }] : [];
  });
  return { ...flow, children };
}

/** Every box whose count is not that of the boxes it leads to; none, where the diagram conserves who is in it. */
export function lossesOf(node: FlowNode): readonly FlowNode[] {
  const sum = node.children.reduce((total, { count }) => total + count, 0);
  const lost = node.children.length > 0 && sum !== node.count;
  return [...(lost ? [node] : []), ...node.children.flatMap(lossesOf)];
}

/** A box, the box that it comes from, and in which part of the diagram it is. */
export interface FlowRow {
  readonly node: FlowNode;
  readonly from: FlowNode | undefined;
  /** The masked arm, from where the arms part. */
  readonly arm: string | undefined;
}

/** The boxes of a diagram as rows, each before those it leads to. */
export function flowRows(node: FlowNode, from?: FlowNode, arm?: string): readonly FlowRow[] {
  const within = node.id === ARM ? node.label : arm;
  return [{ node, from, arm: within }, ...node.children.flatMap((next) => flowRows(next, node, within))];
}

/** Boxes below which the diagram goes on: the arms side by side, or the last box that leads anywhere. The others are at the side. */
function onwardOf({ children }: FlowNode): readonly FlowNode[] {
  if (children.some(({ id }) => id === ARM)) return children;
  const next = children.findLast((child) => child.children.length > 0);
  return next ? [next] : [];
}

const BOX = 190;
const SIDE = 250;
const LINE = 14;
const PAD = 8;
const GAP = 18;
/** Average width of a letter of the diagram's font. */
const LETTER = 6.6;

/** The diagram as SVG by itself: its classes are in the page's style sheet. */
export function flowSvg(root: FlowNode, title: string): Markup {
  const width = breadthOf(root) * (BOX + GAP + SIDE + GAP);
  const { shapes, bottom } = draw(root, 2, width, 2);
  return markup`<svg class="${breadthOf(root) > 1 ? 'flow wide' : 'flow'}" viewBox="0 0 ${width} ${bottom + 2}" role="img" aria-label="${title}" xmlns="http://www.w3.org/2000/svg">${shapes}</svg>`;
}

/** How many columns the widest part takes. */
const breadthOf = (node: FlowNode): number =>
  Math.max(
    1,
    onwardOf(node).reduce((sum, next) => sum + breadthOf(next), 0),
  );

interface Drawn {
  readonly shapes: readonly Markup[];
  readonly bottom: number;
  /** Where the line from above meets the box. */
  readonly x: number;
}

/** Draws a box with what is at its side, and below it what it leads to. */
function draw(node: FlowNode, left: number, width: number, top: number): Drawn {
  const onward = onwardOf(node);
  const side = node.children.filter((child) => !onward.includes(child));
  const box = boxOf(linesIn(node, BOX), left, top, BOX);
  const middle = left + BOX / 2;
  const shapes: Markup[] = [box.shape];
  const sideLeft = left + BOX + GAP;
  let bottom = box.bottom;
  for (const each of side) {
    const drawn = boxOf(linesIn(each, SIDE), sideLeft, bottom + PAD, SIDE);
    const half = (bottom + PAD + drawn.bottom) / 2;
    shapes.push(markup`<path class="line" d="M${middle} ${box.bottom}V${half}H${sideLeft}" />`, drawn.shape);
    ({ bottom } = drawn);
  }
  const below = bottom + GAP;
  let at = left;
  for (const next of onward) {
    const share = (width * breadthOf(next)) / breadthOf(node);
    const drawn = draw(next, at, share, below);
    shapes.push(
      markup`<path class="line" d="M${middle} ${box.bottom}V${below - PAD}H${drawn.x}V${below}" />`,
      ...drawn.shapes,
    );
    bottom = Math.max(bottom, drawn.bottom);
    at += share;
  }
  return { shapes, bottom, x: middle };
}

/** A box's text; what it divides into at the side of the diagram is said in it. */
function linesIn({ label, count, children }: FlowNode, width: number): readonly string[] {
  const letters = Math.floor((width - 2 * PAD) / LETTER);
  const own = broken(`${label} ${amount(count)}`, letters);
  if (width === BOX) return own;
  return [...own, ...children.flatMap((part) => broken(`· ${part.label} ${amount(part.count)}`, letters))];
}

/** Never broken between lines. */
const amount = (count: number): string => `(n\u00a0=\u00a0${count})`;

function boxOf(lines: readonly string[], x: number, y: number, width: number) {
  const bottom = y + lines.length * LINE + PAD;
  const text = lines.map((line, index) => markup`<text x="${x + PAD}" y="${y + LINE + index * LINE}">${line}</text>`);
  return {
    shape: markup`<g><rect x="${x}" y="${y}" width="${width}" height="${bottom - y}" rx="2" />${text}</g>`,
    bottom,
  };
}

/** Breaks a text between words. */
function broken(text: string, letters: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= letters) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
