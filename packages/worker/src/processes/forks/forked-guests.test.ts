import { systemClock } from '@relais/kit';
import { until } from '../../runtimes/conformance/support.js';
import { defaultRuntimeLimits } from '../../runtimes/limits.js';
import { noSandbox } from '../../sandbox/none.js';
import { Guest, type GuestBoot } from '../guest.js';
import type { LaunchedProcess, ProcessLauncher } from '../process-launcher.js';
import { launcherForTests } from '../testing/launcher.js';
import { ForkedGuests } from './forked-guests.js';

const { launcher } = launcherForTests(systemClock, noSandbox);
const shell = '/bin/sh';
/** What is started instead of a fork: any process will do. */
const boot: GuestBoot = { key: 'shell', command: shell, args: ['-c', 'read line <&3'], setup: {}, memoryBytesMax: 0 };
/** Says {"type":"unable","why":"no"} in a frame. */
const unable = `printf '\\032\\000\\000\\000\\000\\000\\000\\000{"type":"unable","why":""}' >&3; exec sleep 1000`;

/** Guests of a fork server that is a shell script, and how often that was started. */
function guestsOf(script: string, wrapped: ProcessLauncher = launcher) {
  const started = { servers: 0, guests: 0 };
  const counting: ProcessLauncher = {
    ...wrapped,
    launch: (spec) => {
      started[spec.args.includes(script) ? 'servers' : 'guests']++;
      return wrapped.launch(spec);
    },
  };
  const adopt = (process: Promise<LaunchedProcess>) => Guest.in(process, defaultRuntimeLimits, systemClock);
  const start = ({ command, args }: GuestBoot) => adopt(counting.launch({ command, args, channel: true }));
  const options = { launcher: counting, clock: systemClock, command: shell, args: ['-c', script], guestsMax: 2 };
  return { maker: new ForkedGuests({ ...options, adopt, start }), started };
}

async function makeAndEnd(maker: ForkedGuests): Promise<boolean> {
  const guest = await maker.make(boot);
  const { alive } = guest;
  guest.kill();
  await guest.gone;
  return alive;
}

test('when the server cannot fork on this machine, guests are started and it is not asked again', async () => {
  const { maker, started } = guestsOf(unable);
  for (let n = 0; n < 4; n++) expect(await makeAndEnd(maker)).toBe(true);
  expect(started).toEqual({ servers: 1, guests: 4 });
  await maker.close();
});

test('when the server ends again and again, guests are started and it is given up', async () => {
  const { maker, started } = guestsOf('exit 3');
  for (let n = 0; n < 6; n++) expect(await makeAndEnd(maker)).toBe(true);
  expect(started).toEqual({ servers: 3, guests: 6 });
  await maker.close();
});

test('when the server cannot even be started, guests are started', async () => {
  const refusing: ProcessLauncher = {
    ...launcher,
    launch: async (spec) => {
      if (spec.args.includes('server')) throw new Error('no');
      return launcher.launch(spec);
    },
  };
  const { maker, started } = guestsOf('server', refusing);
  for (let n = 0; n < 5; n++) expect(await makeAndEnd(maker)).toBe(true);
  expect(started).toEqual({ servers: 3, guests: 5 });
  await maker.close();
});

test('a server that answers nonsense is ended', async () => {
  const { maker, started } = guestsOf("printf '\\002\\000\\000\\000\\000\\000\\000\\000{}' >&3; exec sleep 1000");
  expect(await makeAndEnd(maker)).toBe(true);
  expect(started).toEqual({ servers: 1, guests: 1 });
  await maker.close();
});

test('closing ends a server that has forked nothing', async () => {
  const { maker, started } = guestsOf('read line <&3; exit 3');
  const making = maker.make(boot);
  await until('the server is started', () => started.servers === 1);
  const closed = maker.close();
  const guest = await making;
  guest.kill();
  await Promise.all([closed, guest.gone]);
  expect(started).toEqual({ servers: 1, guests: 1 });
});
