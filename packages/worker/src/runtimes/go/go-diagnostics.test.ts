import { parseGoOutput } from './go-diagnostics.js';

const names = { directory: '/tmp/build-x', root: '/usr/local/go', entry: 'main.go', filename: 'mine.go' };

test('reads what go build says, without paths of the machine', () => {
  const said = [
    '# function',
    './main.go:3:5: cannot use x',
    '\thave (int)',
    '\twant (string)',
    'price/price.go:7: no column',
    'main.go:4:2: package no/such is not in std (/usr/local/go/src/no/such)',
    'main.go:5:2: open /tmp/build-x/a.txt: no such file',
    'go: inconsistent vendoring in /tmp/build-x:',
    '',
    'too many errors',
  ];
  const at = (file: string, line: number, column: number, message: string) => ({
    file,
    line,
    column,
    severity: 'error',
    message,
  });
  expect(parseGoOutput(said.join('\n'), names)).toEqual([
    at('mine.go', 3, 5, 'cannot use x have (int) want (string)'),
    at('price/price.go', 7, 0, 'no column'),
    at('mine.go', 4, 2, 'package no/such is not in std (GOROOT/src/no/such)'),
    at('mine.go', 5, 2, 'open a.txt: no such file'),
    at('mine.go', 0, 0, 'go: inconsistent vendoring in .:'),
  ]);
});

test('is bounded', () => {
  const said = `main.go:1:1: ${'x'.repeat(5000)}\n`.repeat(500);
  const diagnostics = parseGoOutput(said, names);
  expect(diagnostics).toHaveLength(100);
  expect(diagnostics[0]?.message).toHaveLength(1000);
});
