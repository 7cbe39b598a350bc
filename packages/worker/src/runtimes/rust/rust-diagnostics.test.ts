import { parseRustcOutput } from './rust-diagnostics.js';
import { foreignInput } from './rust-inputs.js';

const place = { file_name: 'src/main.rs', line_start: 3, column_start: 5, is_primary: true, label: null };
const said = (message: object) =>
  JSON.stringify({ message: 'wrong', level: 'error', code: null, spans: [place], children: [], ...message });

function parsed(...lines: string[]) {
  return parseRustcOutput(lines.join('\n'), '/tmp/build-x', 'src/main.rs', 'mine.rs');
}

test('reads what rustc says, without paths of the machine', () => {
  const linking = [
    { message: '"rust-lld" "/tmp/build-x/a.o"' },
    { message: 'rust-lld: error: /tmp/a.o: undefined symbol: f' },
  ];
  expect(
    parsed(
      said({
        code: { code: 'E0308' },
        spans: [
          { ...place, is_primary: false },
          { ...place, line_start: 4, label: 'expected i32' },
        ],
      }),
      said({ level: 'warning', spans: [{ ...place, file_name: '/tmp/build-x/src/util.rs' }] }),
      said({ message: 'root:x:0:0', spans: [{ ...place, file_name: '/etc/passwd' }] }),
      said({ message: 'linking failed', spans: [], children: linking }),
      said({ message: 'aborting due to 2 previous errors', spans: [] }),
      said({ level: 'failure-note', spans: [] }),
      '{"message": "cut o',
      'not of rustc',
    ),
  ).toEqual([
    { file: 'mine.rs', line: 4, column: 5, severity: 'error', message: 'wrong: expected i32 [E0308]' },
    { file: 'src/util.rs', line: 3, column: 5, severity: 'warning', message: 'wrong' },
    { file: 'mine.rs', line: 0, column: 0, severity: 'error', message: 'a file outside of the source is wrong' },
    { file: 'mine.rs', line: 0, column: 0, severity: 'error', message: 'linking failed: undefined symbol: f' },
  ]);
});

test('is bounded', () => {
  const diagnostics = parsed(...Array.from({ length: 500 }, () => said({ message: 'x'.repeat(5000) })));
  expect(diagnostics).toHaveLength(100);
  expect(diagnostics[0]?.message).toHaveLength(1000);
});

test.each([
  ['inside', 'out.wasm: main.rs my\\ file.rs\n\nmain.rs:\nmy\\ file.rs:\n/tmp/build-x/a.rs:\n', undefined],
  ['absolute', 'out.wasm: main.rs /etc/passwd\n\nmain.rs:\n/etc/passwd:\n', '/etc/passwd'],
  ['upwards', 'main.rs:\n../build-y/main.rs:', '../build-y/main.rs'],
  ['nothing', '', undefined],
])('finds inputs from elsewhere: %s', (_what, depInfo, foreign) => {
  expect(foreignInput(depInfo, '/tmp/build-x')).toBe(foreign);
});
