import { RelaisError } from '@relais/sdk';
import { complaint, complaintJson } from './complaint.js';
import { plainPaint } from './paint.js';

const diagnostic = { file: 'a.c', line: 2, column: 5, severity: 'error', message: 'no such thing' };

test('a compile error shows place, line and mark', () => {
  const failure = new RelaisError('invalid_argument', 'It does not compile.', {
    reason: 'compile_error',
    diagnostics: [diagnostic],
  });
  expect(complaint(failure, plainPaint, (_file, line) => (line === 2 ? '\tx = oops;' : undefined))).toBe(
    [
      'relais: invalid_argument (compile_error): It does not compile.',
      '  a.c:2:5: error: no such thing',
      '    2 | \tx = oops;',
      '      | \t   ^',
      '  next: correct the source and deploy again',
      '',
    ].join('\n'),
  );
});

test('a function that failed shows how it ended', () => {
  const failure = new RelaisError('aborted', 'It threw.', {
    reason: 'function_failed',
    exit: { exitCode: 3, signal: '', stack: 'Error: x\n    at f (a.js:1:2)', stderrTail: 'last words\n' },
    invocationId: 'i1',
  });
  const text = complaint(failure, plainPaint);
  for (const part of ['exit code 3', '    at f (a.js:1:2)', '    last words', 'invocation i1', 'next: ']) {
    expect(text).toContain(part);
  }
});

test('nothing a function wrote reaches the terminal as more than text', () => {
  const failure = new RelaisError('aborted', 'a\u001b[2Jb', {
    exit: { exitCode: 1, signal: '', stack: '\u009b31m', stderrTail: 'x\r\u001b]0;owned\u0007\u202e' },
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not pass.
  expect(complaint(failure, plainPaint)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
});

test('for a program it is the one shape of errors', () => {
  const failure = new RelaisError('not_found', 'There is none.', {
    reason: 'function_not_found',
    component: 'storage',
  });
  expect(JSON.parse(complaintJson(failure))).toEqual({
    ok: false,
    error: {
      code: 'not_found',
      message: 'There is none.',
      reason: 'function_not_found',
      fault: 'caller',
      retryable: false,
      component: 'storage',
      next: expect.stringContaining('relais ls'),
    },
  });
});
