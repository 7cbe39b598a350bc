import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

const script = `
import { readdirSync, readlinkSync } from 'node:fs';
import { closeInherited } from ${JSON.stringify(new URL('close-inherited.js', import.meta.url).href)};
const open = () => readdirSync('/proc/self/fd').map((fd) => { try { return readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } });
const before = open();
closeInherited(4);
// Its own are still there: it can say so.
console.log(JSON.stringify({ before, after: open() }));
`;

test('what a process has inherited beyond what was meant for it is closed', () => {
  const meant = openSync('/proc/version', 'r');
  const stray = openSync('/proc/uptime', 'r');
  const stdio = ['ignore', 'pipe', 'inherit', meant, ...Array(200).fill('ignore'), stray] as const;
  const args = ['--input-type=module', '-e', script];
  const { stdout } = spawnSync(process.execPath, args, { stdio: [...stdio] });
  closeSync(meant);
  closeSync(stray);
  const { before, after } = JSON.parse(stdout.toString());
  expect(before).toEqual(expect.arrayContaining(['/proc/version', '/proc/uptime']));
  expect(after).toContain('/proc/version');
  expect(after).not.toContain('/proc/uptime');
});
