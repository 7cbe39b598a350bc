import { formatId, mustBeName, parseReference, secondsOf } from './reference.js';

test.each([
  ['hello', { kind: 'current', name: 'hello' }],
  ['hello_12', { kind: 'current', name: 'hello_12' }],
  ['hello_12345678', { kind: 'current', name: 'hello_12345678' }],
  ['0-_', { kind: 'current', name: '0-_' }],
  ['hello_1728435600', { kind: 'id', name: 'hello', seconds: 1_728_435_600 }],
  ['hello_12_1728435600', { kind: 'id', name: 'hello_12', seconds: 1_728_435_600 }],
  ['hello__1728435600', { kind: 'id', name: 'hello_', seconds: 1_728_435_600 }],
  ['hello@2', { kind: 'number', name: 'hello', version: 2 }],
  ['hello_12@10', { kind: 'number', name: 'hello_12', version: 10 }],
  [`${'n'.repeat(63)}_1728435600`, { kind: 'id', name: 'n'.repeat(63), seconds: 1_728_435_600 }],
])('reads %s', (text, reference) => {
  expect(parseReference(text)).toEqual(reference);
});

test.each([
  '',
  '_a',
  '-a',
  'a/b',
  '../a',
  'a b',
  'a\n',
  'ä',
  'hello@',
  'hello@0',
  'hello@02',
  'hello@-1',
  'hello@1@2',
  'hello@1e3',
  'hello@9999999999',
  '@1',
  '_1728435600',
  'hello_1728435600@1',
  'hello_1234567890123',
  'n'.repeat(64),
])('refuses %j as a reference', (text) => {
  expect(() => parseReference(text)).toThrow(
    expect.objectContaining({
      code: 'invalid_argument',
      fields: expect.objectContaining({ reason: 'invalid_reference' }),
    }),
  );
});

test('says that aliases are not supported yet', () => {
  expect(() => parseReference('hello:prod')).toThrow(
    expect.objectContaining({
      code: 'invalid_argument',
      fields: expect.objectContaining({ reason: 'alias_unsupported' }),
    }),
  );
});

test.each([
  ['hello_123456789', 'name_looks_like_id'],
  ['hello_1728435600', 'name_looks_like_id'],
  ['a_1234567890123', 'name_looks_like_id'],
  ['', 'invalid_name'],
  ['../x', 'invalid_name'],
  ['a@1', 'invalid_name'],
  ['a'.repeat(64), 'invalid_name'],
])('refuses the name %j with reason %s', (name, reason) => {
  expect(() => mustBeName(name)).toThrow(
    expect.objectContaining({ code: 'invalid_argument', fields: expect.objectContaining({ reason }) }),
  );
});

test('every allowed name reads as itself, and its ids as ids of it', () => {
  for (const name of ['a', 'hello', 'hello_12', 'a_12345678', 'a-1728435600', '1728435600', '1_2_3', 'n'.repeat(63)]) {
    mustBeName(name);
    expect(parseReference(name)).toEqual({ kind: 'current', name });
    const id = formatId(name, 1_728_435_600);
    expect(parseReference(id)).toEqual({ kind: 'id', name, seconds: 1_728_435_600 });
    expect(secondsOf(id)).toBe(1_728_435_600);
  }
});
