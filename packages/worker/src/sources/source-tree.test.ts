import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { openSource, type SourceTree } from './source-tree.js';
import { tarGz, tarGzOf } from './testing/tar-archive.js';
import { zip, zipOf } from './testing/zip-archive.js';

const options = { lang: 'js', entry: '' };
const open = (bytes: Buffer, entry = '', lang = 'js') => openSource(bytes, 'given.js', { lang, entry });
const texts = ({ files }: SourceTree) => Object.fromEntries([...files].map(([path, bytes]) => [path, String(bytes)]));

test.each([
  ['its base name', 'some/where/greet.js', 'greet.js'],
  ['the name of its language', '', 'index.js'],
])('a plain source is a tree of one file under %s', async (_what, filename, expected) => {
  const tree = await openSource(Buffer.from('1'), filename, options);
  expect([texts(tree), tree.entry, tree.single]).toEqual([{ [expected]: '1' }, expected, true]);
});

const formats = [
  ['tar.gz', tarGzOf],
  ['zip', zipOf],
] as const;

describe.each(formats)('%s', (_format, archiveOf) => {
  test('its files, with their bytes and unicode names', async () => {
    const binary = Buffer.from([0, 255, 10, 13]);
    const tree = await open(archiveOf({ 'index.js': '1', 'lib/größe 世界.js': '2', 'data.bin': binary, empty: '' }));
    expect(texts(tree)).toEqual({
      'index.js': '1',
      'lib/größe 世界.js': '2',
      'data.bin': binary.toString(),
      empty: '',
    });
    expect(tree.files.get('data.bin')).toEqual(binary);
    expect([tree.entry, tree.single]).toEqual(['index.js', false]);
  });

  test('one directory around everything is left out, and an entry may name it', async () => {
    const archive = archiveOf({ 'hello-main/src/a.js': '1', 'hello-main/b.js': '2' });
    const trees = await Promise.all(['src/a.js', './src/a.js', 'hello-main/src/a.js'].map((e) => open(archive, e)));
    expect(trees.map(({ entry }) => entry)).toEqual(Array(3).fill('src/a.js'));
    expect(trees[0] && texts(trees[0])).toEqual({ 'src/a.js': '1', 'b.js': '2' });
  });

  test('"./" and doubled slashes mean nothing', async () => {
    expect(texts(await open(archiveOf({ './index.js': '1', './/lib/./a.js': '2' })))).toEqual({
      'index.js': '1',
      'lib/a.js': '2',
    });
  });

  test('what packers leave behind is no file', async () => {
    const tree = await open(
      archiveOf({
        'app/index.js': '1',
        'app/._index.js': 'x',
        '__MACOSX/app/._index.js': 'x',
        'app/.DS_Store': 'x',
        'app/node_modules/.bin/tool': 'x',
        'app/.env': '2',
      }),
    );
    expect(texts(tree)).toEqual({ 'index.js': '1', '.env': '2' });
  });
});

test('a file that is not packed at all in a zip', async () => {
  expect(texts(await open(zip([{ name: 'index.js', content: 'abc', method: 0 }])))).toEqual({ 'index.js': 'abc' });
});

test('directories, a global header, an old one and ignored links in a tar', async () => {
  const tree = await open(
    tarGz([
      { name: 'pax_global_header', type: 'g', content: '52 comment=0123456789012345678901234567890123456789\n' },
      { name: './', type: '5' },
      { name: 'lib/', type: '5' },
      { name: 'old/', type: '\0', magic: '\0' },
      { name: 'lib/a.js', content: '1', magic: 'ustar  \0' },
      { name: 'node_modules/.bin/tool', type: '2' },
    ]),
  );
  expect(texts(tree)).toEqual({ 'a.js': '1' });
});

test('reads what another packer wrote, long names included', async () => {
  const long = `${'directory-'.repeat(9)}/${'sub-'.repeat(20)}/index.js`;
  const longest = `a/${'n'.repeat(200)}.js`;
  const files: [string, string][] = [
    [long, '1'],
    [longest, '2'],
  ];
  const entries = files.map(([name, body]) => ({ header: { name, size: body.length }, body }));
  const tree = await open(gzipSync(await packTar(entries)), long);
  expect(texts(tree)).toEqual(Object.fromEntries(files));
});

test('a long name in the GNU way', async () => {
  const path = `${'d'.repeat(120)}/index.js`;
  const records = [
    { name: '././@LongLink', type: 'L', content: `${path}\0` },
    { name: 'cut off', content: '1' },
  ];
  expect(texts(await open(tarGz([...records, { name: 'b.js', content: '2' }]), 'b.js'))).toEqual({
    [path]: '1',
    'b.js': '2',
  });
});
