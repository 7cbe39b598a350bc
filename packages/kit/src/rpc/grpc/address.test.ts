import { RelaisError } from '../../errors/relais-error.js';
import { formatAddress, isLocal, parseAddress } from './address.js';

test.each([
  ['unix:/run/relais/s.sock', true],
  ['127.0.0.1:0', true],
  ['127.8.9.1:80', true],
  ['localhost:7000', true],
  ['[::1]:7000', true],
  ['0.0.0.0:7000', false],
  ['[::]:7000', false],
  ['10.0.0.1:65535', false],
  ['127.0.0.1.example.org:7000', false],
])('%s is read, written and known to be local or not', (text, local) => {
  const address = parseAddress(text);
  expect(formatAddress(address)).toBe(text);
  expect(isLocal(address)).toBe(local);
});

test.each([
  '',
  'unix:relative',
  'localhost',
  ':80',
  'host:',
  'host:65536',
  'host:-1',
  '::1:80',
  `unix:/${'x'.repeat(107)}`,
])('"%s" is refused', (text) => {
  const refused = () => parseAddress(text);
  expect(refused).toThrow(RelaisError);
  expect(refused).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
});
