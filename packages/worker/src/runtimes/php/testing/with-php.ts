import { findExecutable } from '../../../processes/executables.js';
import { testSearchPath } from '../../../processes/testing/launcher.js';

const php = await findExecutable('php', testSearchPath());

/** Registers tests that need PHP; on a machine without it they are one skip with the install line. */
export function withPhp(what: string, register: () => void): void {
  if (php) register();
  else test.skip(`${what} (php is not installed: apt-get install php-cli)`, () => {});
}
