import { constants, createGzip, deflateRawSync, gzipSync } from 'node:zlib';
import type { RelaisError } from '@relais/kit';
import { rejectionOf } from '../runtimes/conformance/support.js';
import { openSource } from './source-tree.js';
import { paxRecord, tar, tarGz, tarGzOf, tarRecord } from './testing/tar-archive.js';
import { type ZipRecord, zip, zipOf } from './testing/zip-archive.js';

const MiB = 1024 * 1024;
const options = { lang: 'js', entry: '' };
const refusal = (bytes: Buffer) => rejectionOf(openSource(bytes, 'index.js', options));

function expectBadArchive({ code, fields, message }: RelaisError, why: string): void {
  expect([code, fields.reason, fields.component]).toEqual(['invalid_argument', 'bad_archive', 'worker']);
  expect(message).toContain(why);
}

const good = { name: 'index.js', content: '1' };
const manyFiles = Object.fromEntries(Array.from({ length: 2001 }, (_, at) => [`f${at}`, '']));

/** Names that no archive may hold, in both formats. */
const badNames: [string, string | Buffer, string][] = [
  ['a path out of the archive', '../evil.js', 'entry "../evil.js" leads out'],
  ['a path out of a directory', 'lib/../../evil.js', 'leads out of the archive'],
  ['".." at the end', 'lib/..', 'leads out of the archive'],
  ['an absolute path', '/etc/passwd', 'has an absolute path'],
  ['a drive letter', 'C:/evil.js', 'has an absolute path'],
  ['a drive letter alone', 'c:evil.js', 'has an absolute path'],
  ['backslashes', '..\\evil.js', 'has a backslash'],
  ['a newline', 'a\nb.js', 'has a control character'],
  ['an escape sequence', 'a\u001b[31m.js', 'entry "a\\u001b[31m.js" has a control character'],
  ['bytes that are not UTF-8', Buffer.from([0x61, 0xff, 0x62]), 'is not UTF-8'],
  ['Latin-1', Buffer.from('größe.js', 'latin1'), 'is not UTF-8'],
  ['no name', './.', 'has no name'],
  ['17 directories', `${'d/'.repeat(17)}a.js`, 'lies deeper than 16 directories'],
];

describe.each([
  ['tar.gz', tarGzOf, (name: string | Buffer) => tarGz([good, { name, content: 'x' }])],
  ['zip', zipOf, (name: string | Buffer) => zip([good, { name, content: 'x' }])],
])('%s', (_format, archiveOf, withName) => {
  test.each(badNames)('refuses %s', async (_what, name, why) => {
    expectBadArchive(await refusal(withName(name)), why);
  });

  test.each([
    ['the same file twice', ['a.js', './a.js'], '"a.js" is there twice'],
    ['files that differ in case', ['lib/a.js', 'lib/A.js'], 'differs from "lib/a.js" in case alone'],
    ['directories that differ in case', ['lib/a.js', 'Lib/b.js'], 'differs from "lib" in case alone'],
    ['files that differ in normal form', ['\u00e9.js', 'e\u0301.js'], 'in case alone'],
    ['a file that is a directory too', ['lib', 'lib/a.js'], 'is a file and a directory at once'],
    ['a directory that is a file too', ['lib/a.js', 'lib'], 'is a file and a directory at once'],
    ['a directory made a file', ['lib/', 'lib'], 'is a file and a directory at once'],
  ])('refuses %s', async (_what, [first = '', second = ''], why) => {
    expectBadArchive(await refusal(archiveOfNames([first, second])), why);
  });

  const archiveOfNames = (names: string[]) =>
    archiveOf === tarGzOf ? tarGz(names.map((name) => ({ name }))) : zip(names.map((name) => ({ name })));

  test('refuses an archive without files', async () => {
    expectBadArchive(await refusal(archiveOf({ 'lib/': '', '__MACOSX/a': '' })), 'holds no files');
  });

  test('refuses one file too many, and says how many are allowed', async () => {
    const error = await refusal(archiveOf(manyFiles));
    expectBadArchive(error, 'more than 2000 files');
    expect(error.fields.limit).toEqual({ name: 'filesMax', limit: 2000, used: 2001 });
  });

  test('refuses too many directories', async () => {
    const names = Array.from({ length: 8001 }, (_, at) => `d${at}/`);
    expectBadArchive(await refusal(archiveOfNames(names)), 'more than 8000 entries');
  });

  test('refuses a file that is too large', async () => {
    expectBadArchive(
      await refusal(archiveOf({ 'a.bin': Buffer.alloc(32 * MiB + 1) })),
      'is larger than 33554432 bytes',
    );
  });

  test('refuses files that together are too large', async () => {
    const large = Buffer.alloc(32 * MiB);
    expectBadArchive(
      await refusal(archiveOf({ a: large, b: large, c: 'x' })),
      'more than 67108864 bytes when unpacked',
    );
  });

  test('refuses every beginning of an archive that is not the whole', async () => {
    const whole = archiveOf({ 'index.js': 'console.log(1);', 'lib/a.js': 'exports.a = 1;' });
    for (let length = 4; length < whole.length; length += 7) {
      expectBadArchive(await refusal(whole.subarray(0, length)), 'The archive');
    }
  });
});

const tarCases: [string, Buffer, string][] = [
  ['a symbolic link', tarGz([good, { name: 'l', type: '2' }]), 'entry "l" is a symbolic link'],
  ['a hard link', tarGz([good, { name: 'l', type: '1' }]), 'is a hard link'],
  ['a character device', tarGz([good, { name: 'd', type: '3' }]), 'is a device'],
  ['a block device', tarGz([good, { name: 'd', type: '4' }]), 'is a device'],
  ['a named pipe', tarGz([good, { name: 'p', type: '6' }]), 'is a named pipe'],
  ['a sparse file', tarGz([{ name: 's', type: 'S' }]), 'is a sparse file'],
  ['a sparse file by its attributes', tarGz([paxRecord({ 'GNU.sparse.major': '1' }), good]), 'is a sparse file'],
  ['a kind nobody knows', tarGz([{ name: 'v', type: 'V' }]), 'is of an unknown kind'],
  ['a path out of the archive by attribute', tarGz([paxRecord({ path: '../evil' }), good]), 'leads out'],
  ['a NUL by attribute', tarGz([paxRecord({ path: 'a\0b' }), good]), 'has a control character'],
  ['a long path out of the archive', tarGz([{ name: 'x', type: 'L', content: '/etc/passwd' }, good]), 'absolute path'],
  ['a path out of the archive by prefix', tarGz([{ name: 'evil', prefix: 'a/../..' }]), 'leads out'],
  ['a path of 256 bytes', tarGz([paxRecord({ path: 'n'.repeat(256) }), good]), 'more than 255 bytes'],
  ['a wrong checksum', tarGz([{ ...good, checksum: 1 }]), 'is not a tar archive'],
  ['what is no tar archive', gzipSync('console.log(1)'.repeat(100)), 'is not a tar archive'],
  ['a single compressed file', gzipSync('console.log(1)'), 'truncated or damaged'],
  ['nothing compressed', gzipSync(''), 'truncated or damaged'],
  ['no end mark', gzipSync(tarRecord(good)), 'truncated or damaged'],
  ['a size beyond the end', gzipSync(tarRecord({ ...good, size: 5000 })), 'truncated or damaged'],
  ['a size that is no number', tarGz([{ ...good, size: Buffer.from('9zzzzzzzzzz') }]), 'not a number'],
  ['a negative size', tarGz([{ ...good, size: Buffer.alloc(12, 0xff) }]), 'not a number'],
  [
    'a size of 2^62',
    tarGz([{ ...good, size: Buffer.from([0x80, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]) }]),
    'not a number',
  ],
  ['a size of 1 TiB', tarGz([paxRecord({ size: String(2 ** 40) }), good]), 'is larger than'],
  ['a size attribute that is no number', tarGz([paxRecord({ size: '1e3' }), good]), 'truncated or damaged'],
  ['attributes without end', tarGz([{ name: 'x', type: 'x', content: '99 a=b\n' }]), 'truncated or damaged'],
  ['attributes of no length', tarGz([{ name: 'x', type: 'x', content: '0 a=b\n' }]), 'truncated or damaged'],
  ['attributes of half a megabyte', tarGz([paxRecord({ comment: 'x'.repeat(MiB / 2) }), good]), 'bytes of metadata'],
  ['many attributes', tarGz(Array(9000).fill(paxRecord({ a: 'b' }))), 'more than 8000 entries'],
  ['a changed byte', changed(tarGz([{ name: 'a.js', content: 'x'.repeat(100) }]), -8), 'truncated or damaged'],
];

test.each(tarCases)('tar.gz: refuses %s', async (_what, bytes, why) => {
  expectBadArchive(await refusal(bytes), why);
});

test('attributes that are slow to read elsewhere are refused at once', async () => {
  const content = `${'2-'.repeat(32_000)} `;
  const beganMs = performance.now();
  expectBadArchive(await refusal(tarGz([{ name: 'x', type: 'x', content }])), 'truncated or damaged');
  expect(performance.now() - beganMs).toBeLessThan(1000);
});

test('attributes of many entries are refused beyond what they may be together, and are quick to read until then', async () => {
  // As many as fit below the bound of one entry, each as short as it can be.
  const filler = { name: 'x', type: 'x', content: '5 a=\n'.repeat((64 * 1024) / 5) };
  const beganMs = performance.now();
  const error = await refusal(tarGz([...Array(1100).fill(filler), good]));
  expect(performance.now() - beganMs).toBeLessThan(5000);
  expectBadArchive(error, 'more than 4194304 bytes of metadata');
  expect(error.fields.limit).toMatchObject({ name: 'metadataBytesMax', limit: 4 * MiB });
});

test.each(['3 a\n', '05 a=\n', '5a a=\n', '4 =\n', '5 a=b', ' a=\n', '6 a=\n5 a=\n', '5 ab\n5 a=\n'])(
  'attributes %j are refused',
  async (content) => {
    expectBadArchive(await refusal(tarGz([{ name: 'x', type: 'x', content }, good])), 'truncated or damaged');
  },
);

const entryOf = (record: Partial<ZipRecord>) => zip([{ ...good, ...record }]);
const zip64Sizes = Buffer.from('0100100000000000000000400000000000000040', 'hex');

const zipCases: [string, Buffer, string][] = [
  ['a symbolic link', entryOf({ mode: 0o120777 }), 'entry "index.js" is a symbolic link'],
  ['a device', entryOf({ mode: 0o020666 }), 'is a device'],
  ['a named pipe', entryOf({ mode: 0o010666 }), 'is a device'],
  ['an encrypted file', entryOf({ flags: 1 }), 'is encrypted'],
  ['strong encryption', entryOf({ flags: 0x41 }), 'encryption'],
  ['another compression', entryOf({ method: 93, packed: Buffer.from('x') }), 'compressed by method 93'],
  ['a NUL in a name', entryOf({ name: 'a\0.js' }), 'has a control character'],
  ['a wrong checksum', entryOf({ crc: 1 }), 'is damaged'],
  ['a size that is too small', entryOf({ content: 'abc', size: 2 }), 'is damaged'],
  ['a size that is too large', entryOf({ content: 'abc', size: 4 }), 'is damaged'],
  ['a stored size that is another', entryOf({ method: 0, size: 9 }), 'truncated or damaged'],
  ['content that is not compressed', entryOf({ packed: Buffer.from([0xff, 0xff]) }), 'is damaged'],
  ['a local header that is elsewhere', entryOf({ offset: 3 }), 'truncated or damaged'],
  ['a local header beyond the end', entryOf({ offset: 2 ** 31 }), 'truncated or damaged'],
  ['a packed size beyond the end', entryOf({ packedSize: 2 ** 31 }), 'overlap'],
  ['sizes of 2^62', entryOf({ size: 2 ** 32 - 1, packedSize: 2 ** 32 - 1, extra: zip64Sizes }), 'overlap'],
  ['a cut zip64 field', entryOf({ size: 2 ** 32 - 1, extra: zip64Sizes.subarray(0, 8) }), 'truncated or damaged'],
  ['an entry that is not there', zip([good], 2), 'truncated or damaged'],
  ['more entries than allowed', zip([good], 60_000), 'more than 8000 entries'],
  ['bytes after the end', Buffer.concat([zip([good]), Buffer.from('x')]), 'truncated or damaged'],
  ['only a beginning', Buffer.from('PK\x03\x04'), 'truncated or damaged'],
];

test.each(zipCases)('zip: refuses %s', async (_what, bytes, why) => {
  expectBadArchive(await refusal(bytes), why);
});

test('zip: refuses entries that share one content', async () => {
  const content = Buffer.alloc(MiB, 'x');
  const shared = { content, packed: Buffer.alloc(0), packedSize: deflateRawSync(content).length, offset: 0 };
  const others = Array.from({ length: 30 }, (_, at) => ({ ...shared, name: `${at + 10}` }));
  expectBadArchive(await refusal(zip([{ name: '00', content }, ...others])), 'overlap');
});

describe('a bomb of 1 GiB', () => {
  const zeros = Buffer.alloc(MiB);
  const gibibyte = 1024;

  async function gzipped(head: Buffer): Promise<Buffer> {
    const gzip = createGzip({ level: constants.Z_BEST_SPEED });
    const chunks: Buffer[] = [];
    gzip.on('data', (chunk: Buffer) => chunks.push(chunk));
    gzip.write(head);
    for (let at = 0; at < gibibyte; at++) {
      await new Promise((resolve) => gzip.write(zeros, resolve));
    }
    await new Promise((resolve) => gzip.end(resolve).once('end', resolve));
    return Buffer.concat(chunks);
  }

  async function refusedWithin(bytes: Buffer, extraMiBMax: number): Promise<RelaisError> {
    const before = process.memoryUsage();
    let peak = 0;
    const ticker = setInterval(() => {
      const { external, arrayBuffers } = process.memoryUsage();
      peak = Math.max(peak, external + arrayBuffers);
    }, 1);
    const error = await refusal(bytes);
    clearInterval(ticker);
    expect((peak - before.external - before.arrayBuffers) / MiB).toBeLessThan(extraMiBMax);
    return error;
  }

  test('in one file of a tar', async () => {
    const head = tarRecord({ name: 'a', size: 2 ** 30 }).subarray(0, 512);
    expectBadArchive(await refusedWithin(await gzipped(head), 16), 'is larger than');
  }, 60_000);

  test('after the end of a tar', async () => {
    const bytes = await gzipped(tar([good]));
    // The 64 MiB that are read before it is refused, and as much again that is not collected yet.
    expectBadArchive(await refusedWithin(bytes, 128), 'bytes when unpacked');
  }, 60_000);

  test('in a zip that lies about its size', async () => {
    const bytes = await gzipped(Buffer.alloc(0));
    const packed = bytes.subarray(10, -8);
    for (const [size, why] of [
      [10, 'is damaged'],
      [32 * MiB, 'is damaged'],
      [2 ** 30, 'is larger than'],
    ] as const) {
      expectBadArchive(await refusedWithin(entryOf({ packed, size }), 160), why);
    }
  }, 60_000);
});

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const position = (at + copy.length) % copy.length;
  copy[position] = (copy[position] ?? 0) ^ 0xff;
  return copy;
}
