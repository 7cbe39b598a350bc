import { LogCapture } from './log-capture.js';

test('keeps both streams in order', () => {
  const logs = new LogCapture(100);
  logs.stdout(Buffer.from('one\n'));
  logs.stderr(Buffer.from('two\n'));
  expect(logs.captured()).toEqual({ logs: 'one\ntwo\n', logsTruncated: false });
  expect(logs.stderrTail()).toBe('two\n');
});

test('cuts at the bound without tearing a character', () => {
  const logs = new LogCapture(5);
  for (const byte of Buffer.from('aéé€')) logs.stdout(Buffer.from([byte]));
  expect(logs.captured()).toEqual({ logs: 'aéé', logsTruncated: true });

  const torn = new LogCapture(6);
  torn.stdout(Buffer.from('aéé€'));
  expect(torn.captured()).toEqual({ logs: 'aéé', logsTruncated: true });
});

test('holds the bound for bytes that are not UTF-8', () => {
  const logs = new LogCapture(30);
  logs.stdout(Buffer.alloc(20, 0xff));
  const captured = logs.captured();
  expect(captured.logsTruncated).toBe(true);
  expect(Buffer.byteLength(captured.logs)).toBe(30);
});

test('forgets a call when it is over and hears nothing until the next', () => {
  const logs = new LogCapture(100);
  logs.stderr(Buffer.from('first'));
  logs.close();
  logs.stderr(Buffer.from('between'));
  logs.open();
  logs.stdout(Buffer.from('second'));
  expect(logs.captured().logs).toBe('second');
  expect(logs.stderrTail()).toBe('');
});

test('keeps the last 4 KiB of standard error', () => {
  const logs = new LogCapture(10);
  logs.stderr(Buffer.alloc(10_000, 'a'));
  logs.stderr(Buffer.from('end'));
  expect(logs.stderrTail()).toBe(`${'a'.repeat(4093)}end`);
});
