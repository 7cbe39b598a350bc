import type { MetricFamily } from './metric-snapshot.js';

const familiesMax = 200;
const seriesMax = 2000;
const textLengthMax = 256;
const nameForm = /^[a-z][a-z0-9_]{0,127}$/;

/** Families of a process that is not trusted, parsed from JSON; undefined when they are anything else. */
export function parseFamilies(value: unknown): MetricFamily[] | undefined {
  return Array.isArray(value) && value.length <= familiesMax && value.every(isFamily) ? value : undefined;
}

function isFamily(value: unknown): value is MetricFamily {
  if (!isRecord(value)) return false;
  const { help, labelNames, name, series, type } = value;
  if (!isName(name) || !isText(help) || !isListOf(labelNames, isName)) return false;
  if (!Array.isArray(series) || series.length > seriesMax) return false;
  if (type === 'counter' || type === 'gauge') return series.every((one) => isSeries(one) && isNumber(one.value));
  if (type !== 'histogram' || !isListOf(value.bounds, isNumber)) return false;
  return series.every((one) => isSeries(one) && isNumber(one.sum) && isListOf(one.counts, isNumber) && !one.exemplars);
}

function isSeries(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && isListOf(value.labels, isText);
}

function isListOf(value: unknown, check: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= 64 && value.every(check);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && nameForm.test(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= textLengthMax;
}

function isNumber(value: unknown): boolean {
  return Number.isFinite(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
