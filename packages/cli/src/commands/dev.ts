import { DevSession } from '../dev/dev-session.js';
import { WatchedFiles } from '../dev/watched-files.js';
import type { Command } from '../framework/command.js';
import { deployOptions, wishesOf } from './deploy.js';
import { payloadOf } from './invoke.js';

export const dev: Command = {
  name: 'dev',
  summary: 'deploy and call a function again on every save',
  details: 'Each save becomes a new version; what was there keeps answering until it is built. Ctrl-C ends it.',
  arguments: [{ name: 'PATH', describe: 'a source file, or a directory of several' }],
  options: [
    { name: 'data', short: 'd', value: 'PAYLOAD', describe: 'what it is called with: a text or @FILE' },
    { name: 'no-call', describe: 'deploy only' },
    ...deployOptions,
  ],
  examples: [
    { line: `relais dev greet.py --data '{"name":"Ada"}'`, does: 'answer, logs and timing after every save' },
    { line: 'relais dev ./shop --no-call', does: 'keep a directory deployed' },
  ],
  async run(input, io) {
    const session = new DevSession(input.argument('PATH'), wishesOf(input, true), io, async () =>
      input.flag('no-call') ? undefined : { payload: await payloadOf(input.text('data'), io) },
    );
    const files = new WatchedFiles();
    try {
      for (;;) {
        const readFromMs = Date.now();
        files.watch(await session.round(), readFromMs);
        await files.changed(io.interrupted);
        if (io.interrupted.aborted) return undefined;
      }
    } finally {
      files.close();
    }
  },
};
