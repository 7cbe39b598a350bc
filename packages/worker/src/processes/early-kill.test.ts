import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@relais/kit';
import { CompilerProcess } from '../runtimes/c/compiler-process.js';
import { until } from '../runtimes/conformance/support.js';
import { trySandbox } from '../sandbox/find-sandbox.js';
import type { Sandbox } from '../sandbox/sandbox.js';
import { createLauncher } from './create-launcher.js';
import type { LaunchSpec, ProcessLauncher } from './process-launcher.js';
import { removeTree } from './remove-tree.js';
import { testGroups, testSearchPath } from './testing/launcher.js';
import { pidsWith } from './testing/process-table.js';

const kills = 60;
const sleeping: LaunchSpec = { command: '/bin/sleep', args: ['97531'], channel: true };

// Without a control group, which would end whatever is left in it.
describe.each(['bubblewrap', 'unshare'] as const)(
  'what is killed in its first moments leaves nothing in %s',
  (name) => {
    let directory: string;
    let sandbox: Sandbox;
    let launcher: ProcessLauncher;

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'relais-early-'));
      const found = await trySandbox(name, { directory, searchPath: testSearchPath() });
      if (typeof found === 'string') throw new Error(found);
      sandbox = found;
      const options = { directory, sandbox, groups: undefined, searchPath: testSearchPath(), clock: systemClock };
      launcher = createLauncher(options);
    });
    // What makes a sandbox is told where that directory is.
    afterEach(() => until('all of it is gone', () => pidsWith(directory).length + pidsWith('97531').length === 0));
    afterAll(async () => {
      // Else they would keep this process from ending.
      for (const pid of pidsWith(directory)) process.kill(pid, 'SIGKILL');
      await removeTree(directory);
    });

    /** At a moment of its start, another one each time. */
    async function killEach(start: () => Promise<() => Promise<unknown>>): Promise<void> {
      for (let n = 0; n < kills; n++) {
        const kill = await start();
        await new Promise((resolve) => setTimeout(resolve, n / 4));
        await kill();
      }
    }

    test.each(['function', 'forkServer'] as const)('launched as a %s', (role) =>
      killEach(async () => {
        const launched = await launcher.launch({ ...sleeping, role });
        return () => {
          launched.kill();
          return launched.closed;
        };
      }),
    );

    test.each([{ kind: 'no group' }, { kind: 'a group', groups: testGroups }])(
      'as a compiler, in $kind',
      ({ groups }) =>
        killEach(async () => {
          const compiler = new CompilerProcess(systemClock, 1000, sandbox, groups);
          const failed = expect(compiler.compile({ files: new Map(), sources: [], flags: [] })).rejects.toThrow();
          return () => Promise.all([compiler.kill(), failed]);
        }),
    );
  },
);
