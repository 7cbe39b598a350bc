import { Trace } from '@relais/contracts';
import { decodeSpans, encodeSpans, toWire } from './span-codec.js';
import type { SpanData } from './span-data.js';

const plain: SpanData = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: '',
  name: 'worker run',
  kind: 'server',
  scope: 'worker',
  service: 'relais-worker',
  startUs: 1_795_727_930_914_914,
  durationUs: 3088,
  attributes: {},
  failed: false,
  statusMessage: '',
};

test.each<[string, Partial<SpanData>]>([
  ['nothing set', { name: '', scope: '', service: '', startUs: 0, durationUs: 0 }],
  ['every kind of attribute', { attributes: { text: 'a', empty: '', count: -0.5, none: 0, yes: true, no: false } }],
  ['a failure', { failed: true, statusMessage: 'It trapped.', parentSpanId: 'b7ad6b7169203332' }],
  ['texts of many bytes', { name: 'é', attributes: { 'schlüssel ': '漢字'.repeat(50), '😀': 'x'.repeat(127) } }],
  ['a text that turns at its end', { name: `${'x'.repeat(126)}é`, statusMessage: `${'x'.repeat(127)}é` }],
  ['long texts', { name: 'x'.repeat(128), statusMessage: 'y'.repeat(100_000), service: 'é'.repeat(64) }],
  ['half of a character', { name: '\ud800 alone' }],
  [
    'many attributes',
    { attributes: Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`k${n}`, 'v'.repeat(n * 20)])) },
  ],
])('%s reads as what the generated code writes', (_what, over) => {
  const spans = [plain, { ...plain, ...over }, { ...plain, kind: 'internal' as const }];
  const generated = Buffer.from(Trace.encode({ spans: spans.map(toWire), spansDropped: 0 }).finish());
  expect(decodeSpans(encodeSpans(spans))).toEqual(decodeSpans(generated));
});

test('bytes stay as they are when further spans are written', () => {
  const first = encodeSpans([plain]);
  const copy = Buffer.from(first);
  encodeSpans([{ ...plain, name: 'other' }]);
  expect(first).toEqual(copy);
  expect(encodeSpans([])).toHaveLength(0);
});
