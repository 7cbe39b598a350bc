const size = { width: 720, height: 360, left: 70, right: 130, top: 44, bottom: 50 };
const colours = ['#4e79a7', '#f28e2b', '#59a14f', '#e15759', '#76b7b2', '#b07aa1'];
const plotWidth = size.width - size.left - size.right;
const plotHeight = size.height - size.top - size.bottom;

/**
 * Groups of bars on a scale that begins at 0.
 * @param {{ title: string, unit: string, groups: string[], series: { name: string, values: number[] }[] }} chart
 * @returns {string} an SVG document
 */
export function barChart({ title, unit, groups, series }) {
  const top = niceTop(series.flatMap(({ values }) => values));
  const y = (value) => size.top + plotHeight * (1 - value / top);
  const groupWidth = plotWidth / groups.length;
  const barWidth = (groupWidth * 0.8) / series.length;
  const bars = series.flatMap(({ values }, index) =>
    values.map((value, group) => {
      const x = size.left + groupWidth * (group + 0.1) + barWidth * index;
      const height = size.top + plotHeight - y(value);
      return `<rect x="${n(x)}" y="${n(y(value))}" width="${n(barWidth - 1)}" height="${n(height)}" fill="${colours[index]}"/>`;
    }),
  );
  const names = groups.map((group, index) =>
    text(size.left + groupWidth * (index + 0.5), size.height - size.bottom + 18, group, 'middle'),
  );
  return document(title, [...frame(title, unit, yTicks(0, top, y)), ...bars, ...names, ...legend(series)]);
}

/**
 * Lines over a logarithmic horizontal axis.
 * @param {{ title: string, unit: string, xTitle: string, xs: number[], series: { name: string, values: number[] }[] }} chart
 * @returns {string} an SVG document
 */
export function lineChart({ title, unit, xTitle, xs, series }) {
  const top = niceTop(series.flatMap(({ values }) => values));
  const y = (value) => size.top + plotHeight * (1 - value / top);
  const [first, last] = [Math.log(xs[0]), Math.log(xs[xs.length - 1])];
  const x = (value) => size.left + (plotWidth * (Math.log(value) - first)) / (last - first);
  const lines = series.flatMap(({ values }, index) => {
    const points = values.map((value, at) => `${n(x(xs[at]))},${n(y(value))}`);
    const dots = points.map((point) => {
      const [cx, cy] = point.split(',');
      return `<circle cx="${cx}" cy="${cy}" r="3" fill="${colours[index]}"/>`;
    });
    return [
      `<polyline points="${points.join(' ')}" fill="none" stroke="${colours[index]}" stroke-width="2"/>`,
      ...dots,
    ];
  });
  const names = xs.map((value) => text(x(value), size.height - size.bottom + 18, value.toLocaleString('en'), 'middle'));
  const below = text(size.left + plotWidth / 2, size.height - 12, xTitle, 'middle');
  return document(title, [...frame(title, unit, yTicks(0, top, y)), ...lines, ...names, below, ...legend(series)]);
}

function document(title, parts) {
  const { width, height } = size;
  const head = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
  ];
  return `${[...head, ...parts, '</svg>'].join('\n')}\n`;
}

function frame(title, unit, ticks) {
  const heading = `<text x="${size.left}" y="20" font-size="14" font-weight="bold">${escaped(title)}</text>`;
  const lines = ticks.flatMap(({ at, label }) => [
    `<line x1="${size.left}" x2="${size.left + plotWidth}" y1="${n(at)}" y2="${n(at)}" stroke="#ddd"/>`,
    text(size.left - 6, at + 4, label, 'end'),
  ]);
  return [heading, text(size.left, 36, unit, 'start'), ...lines];
}

function legend(series) {
  return series.flatMap(({ name }, index) => {
    const y = size.top + 8 + 20 * index;
    const x = size.width - size.right + 16;
    return [
      `<rect x="${x}" y="${y - 9}" width="12" height="12" fill="${colours[index]}"/>`,
      text(x + 18, y + 1, name, 'start'),
    ];
  });
}

function yTicks(bottom, top, y) {
  const steps = 5;
  return Array.from({ length: steps + 1 }, (_, index) => {
    const value = bottom + ((top - bottom) * index) / steps;
    return { at: y(value), label: Number(value.toPrecision(3)).toLocaleString('en') };
  });
}

/** The next 1, 2, 2.5 or 5 times a power of ten. */
function niceTop(values) {
  const most = Math.max(...values, Number.MIN_VALUE);
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((top) => top >= most) ?? 10 * power;
}

function text(x, y, content, anchor) {
  return `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function escaped(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function n(value) {
  return Number(value.toFixed(1));
}
