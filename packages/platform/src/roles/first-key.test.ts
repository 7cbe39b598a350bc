import { configOf } from '../testing/config.js';
import { ensureAdminKey } from './first-key.js';

const adminKey = `rlk_${'a'.repeat(32)}`;

function keysWith(existing: boolean) {
  const made: string[] = [];
  const createAdminKey = async (name: string) => {
    made.push(name);
    return 'rlk_made';
  };
  return { made, hasAdminKey: async () => existing, createAdminKey };
}

async function outcome(argv: string[], existing: boolean, terminal: boolean) {
  const keys = keysWith(existing);
  const shown: string[] = [];
  const show = terminal ? (line: string) => void shown.push(line) : undefined;
  const reason = await ensureAdminKey(configOf(...argv), keys, show).then(
    () => 'started',
    (error) => error.fields.reason,
  );
  return { reason, made: keys.made.length, shown: shown.length };
}

const quiet = { reason: 'started', made: 0, shown: 0 };

test.each([
  ['on loopback', [], false, false, quiet],
  ['beyond it, with a key in storage', ['--host', '0.0.0.0'], true, false, quiet],
  ['beyond it, with a key given', ['--host', '::', '--admin-key', adminKey], false, false, quiet],
  ['beyond it, first on a terminal', ['--host', '192.0.2.1'], false, true, { reason: 'started', made: 1, shown: 1 }],
  ['with keys on, first on a terminal', ['--keys', 'on'], false, true, { reason: 'started', made: 1, shown: 1 }],
  ['beyond it, first without one', ['--host', '0.0.0.0'], false, false, { ...quiet, reason: 'keys_required' }],
  ['with keys on, first without one', ['--keys', 'on'], false, false, { ...quiet, reason: 'keys_required' }],
])('a start %s', async (_when, argv, existing, terminal, expected) => {
  expect(await outcome(argv, existing, terminal)).toEqual(expected);
});
