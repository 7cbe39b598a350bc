import type { Sandbox } from './sandbox.js';

/** No sandbox at all: for machines that can have none, if asked for by name. */
export const noSandbox: Sandbox = {
  name: 'none',
  confines: false,
  filters: false,
  loopback: true,
  wrap: (_policy, command) => command,
  exitOf: (exit) => exit,
};
