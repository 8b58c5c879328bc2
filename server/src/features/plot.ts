// Small plots as inline SVG for hovers: curves on a pair of axes, in colours that stand out on light and on dark ground.

export interface Curve {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A comparison stays behind the others. */
  readonly faint?: boolean;
}

export interface Panel {
  readonly curves: readonly Curve[];
  /** What the axes say. */
  readonly x: string;
  readonly title?: string;
  /** The part of the vertical axis that is shown at most. */
  readonly limits?: readonly [low: number, high: number];
}

const width = 250;
const height = 150;
const margin = { left: 42, right: 8, top: 16, bottom: 18 };
const colours = ['#3b8eea', '#d98324', '#8b6fd6'];
const grey = '#888888';

/** A Markdown image of panels side by side. */
export function plotImage(alternative: string, panels: readonly Panel[]): string {
  return `![${alternative}](data:image/svg+xml;base64,${btoa(plotSvg(panels))})`;
}

/** The same as SVG, in ASCII. */
export function plotSvg(panels: readonly Panel[]): string {
  const body = panels.map((panel, index) => `<g transform="translate(${String(index * width)} 0)">${drawPanel(panel)}</g>`).join('');
  const whole = `${String(width * panels.length)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${whole}" height="${String(height)}" viewBox="0 0 ${whole} ${String(height)}" font-family="sans-serif" font-size="10">${body}</svg>`;
}

function drawPanel({ curves, x: xLabel, title, limits = [-Infinity, Infinity] }: Panel): string {
  const points = curves.flatMap((curve) => curve.points);
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y).filter((y) => Number.isFinite(y) && y >= limits[0] && y <= limits[1]);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  let [low, high] = [Math.min(0, ...ys), Math.max(0, ...ys)];
  if (low === high) [low, high] = [-1, 1];
  const room = 0.06 * (high - low);
  [low, high] = [low - room, high + room];
  const place = (x: number, y: number): readonly [number, number] => [
    margin.left + ((x - left) / (right - left)) * (width - margin.left - margin.right),
    height - margin.bottom - ((y - low) / (high - low)) * (height - margin.top - margin.bottom),
  ];
  const [, zeroY] = place(0, 0);
  const [zeroX] = place(Math.min(right, Math.max(left, 0)), 0);
  const line = (x1: number, y1: number, x2: number, y2: number): string => `<path d="M${fixed(x1)} ${fixed(y1)}L${fixed(x2)} ${fixed(y2)}" stroke="${grey}" stroke-opacity=".6"/>`;
  const axes = line(margin.left, zeroY, width - margin.right, zeroY) + line(zeroX, margin.top, zeroX, height - margin.bottom);
  const ticks = [low + room, high - room]
    .filter((y) => y !== 0)
    .map((y) => text(margin.left - 4, place(0, y)[1] + 3, spell(y), grey, 'end'))
    .join('');
  const ends = text(margin.left, height - 5, spell(left), grey, 'start') + text(width - margin.right, height - 5, spell(right), grey, 'end') + text(width / 2, height - 5, xLabel, grey, 'middle');
  const drawn = curves.map((curve, index) => drawCurve(curve, colours[index % colours.length]!, place, low, high)).join('');
  let at = margin.left;
  const legend = curves
    .map((curve, index) => {
      const label = text(at, 10, curve.label, colours[index % colours.length]!, 'start');
      at += 12 + 6 * curve.label.length;
      return label;
    })
    .join('');
  return axes + ticks + ends + drawn + legend + (title === undefined ? '' : text(width - margin.right, 10, title, grey, 'end'));
}

/** Cut off where it leaves the picture; broken where a value is missing and where it jumps. */
function drawCurve({ points, faint }: Curve, colour: string, place: (x: number, y: number) => readonly [number, number], low: number, high: number): string {
  const change = (index: number): number => Math.abs((points[index]?.[1] ?? NaN) - (points[index - 1]?.[1] ?? NaN)) || 0;
  const jumpsTo = (index: number): boolean => change(index) > 4 * Math.max(change(index - 1), change(index + 1)) + 0.01 * (high - low);
  const isInside = (y: number): boolean => y >= low && y <= high;
  const strokes: string[][] = [];
  const put = (x: number, y: number): void => {
    strokes.at(-1)!.push(place(x, y).map(fixed).join(' '));
  };
  for (const [index, [x, y]] of points.entries()) {
    const [before, last] = points[index - 1] ?? [NaN, NaN];
    const isJoined = Number.isFinite(last) && Number.isFinite(y) && !jumpsTo(index);
    if (isInside(y) && !(isJoined && isInside(last))) strokes.push([]);
    if (isJoined && isInside(y) !== isInside(last)) {
      const border = Math.max(y, last) > high ? high : low;
      put(before + ((border - last) / (y - last)) * (x - before), border);
    }
    if (isInside(y)) put(x, y);
  }
  return `<path d="${strokes.map((stroke) => `M${stroke.join('L')}`).join('')}" fill="none" stroke="${colour}" stroke-width="1.6"${faint === true ? ' stroke-dasharray="3 3"' : ''}/>`;
}

function text(x: number, y: number, content: string, colour: string, anchor: string): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" fill="${colour}" text-anchor="${anchor}">${escape(content)}</text>`;
}

/** As SVG in ASCII. */
function escape(content: string): string {
  return [...content].map((sign) => (sign === '&' || sign === '<' || sign > '~' ? `&#${String(sign.codePointAt(0))};` : sign)).join('');
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function spell(value: number): string {
  return String(Number(value.toPrecision(3))).replace('-', '−');
}
