export interface ChartOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
}

const size = { width: 800, height: 260, left: 60, right: 90, top: 30, bottom: 40 };
const colours = ['#2b6cb0', '#c05621', '#718096', '#2f855a'];
const ticks = 5;

/** A line chart as SVG. */
export function chart({ series, title, xLabel, yLabel }: ChartOptions): string {
  const points = series.flatMap((line) => line.points);
  const xMax = Math.max(1, ...points.map(([x]) => x));
  const yMax = niceMax(Math.max(0, ...points.map(([, y]) => y)));
  const toX = (x: number) => size.left + (x / xMax) * (size.width - size.left - size.right);
  const toY = (y: number) => size.height - size.bottom - (y / yMax) * (size.height - size.top - size.bottom);
  const lines = series.map(({ name, points: of }, index) => {
    const colour = colours[index % colours.length];
    const path = of.map(([x, y]) => `${toX(x).toFixed(1)},${toY(y).toFixed(1)}`).join(' ');
    const legendY = size.top + 16 * index;
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/><text x="${size.width - size.right + 10}" y="${legendY}" fill="${colour}">${name}</text>`;
  });
  const grid = Array.from({ length: ticks + 1 }, (_, tick) => {
    const [x, y] = [(xMax * tick) / ticks, (yMax * tick) / ticks];
    return `<line x1="${size.left}" x2="${size.width - size.right}" y1="${toY(y)}" y2="${toY(y)}" stroke="#e2e8f0"/><text x="${size.left - 6}" y="${toY(y) + 4}" text-anchor="end">${shown(y)}</text><text x="${toX(x)}" y="${size.height - size.bottom + 16}" text-anchor="middle">${shown(x)}</text>`;
  });
  return `<svg viewBox="0 0 ${size.width} ${size.height}" font-family="system-ui, sans-serif" font-size="11" role="img" aria-label="${title}">
<text x="${size.left}" y="16" font-size="13" font-weight="600">${title}</text>
${grid.join('')}
${lines.join('\n')}
<text x="${size.width / 2}" y="${size.height - 6}" text-anchor="middle">${xLabel}</text>
<text x="12" y="${size.height / 2}" transform="rotate(-90 12 ${size.height / 2})" text-anchor="middle">${yLabel}</text>
</svg>`;
}

/** The next of 1, 2, 5, 10, 20 ... that is not below. */
function niceMax(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function shown(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
