import { crc32 } from 'node:zlib';
import { seal, unseal } from './envelope.js';

const content = Buffer.from('content');
const corrupt = expect.objectContaining({
  code: 'internal',
  message: expect.stringMatching(/version\/a.*Restore/),
  fields: expect.objectContaining({ reason: 'record_corrupt', component: 'storage' }),
});

test('gives back what was sealed under the same key', () => {
  expect(unseal('version/a', seal('version/a', content))).toEqual(content);
  expect(unseal('version/a', seal('version/a', Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
});

test('refuses a record with any one bit changed', () => {
  const record = seal('version/a', content);
  for (let bit = 0; bit < record.length * 8; bit++) {
    const damaged = Buffer.from(record);
    damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(() => unseal('version/a', damaged)).toThrow(corrupt);
  }
});

test('refuses a record cut short, one with more behind it and one from under another key', () => {
  const record = seal('version/a', content);
  for (const damaged of [record.subarray(0, -1), record.subarray(0, 3), Buffer.concat([record, content])]) {
    expect(() => unseal('version/a', damaged)).toThrow(corrupt);
  }
  expect(() => unseal('version/a', seal('version/b', content))).toThrow(corrupt);
});

test('says of an intact record of a newer schema that a newer release is needed', () => {
  const record = seal('version/a', content);
  record.writeUInt8(2, 4);
  record.writeUInt32LE(crc32(record.subarray(4), crc32('version/a')), 0);
  expect(() => unseal('version/a', record)).toThrow(
    expect.objectContaining({
      code: 'failed_precondition',
      fields: expect.objectContaining({ reason: 'record_too_new' }),
    }),
  );
});
