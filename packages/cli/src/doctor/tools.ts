import { type Finding, good, lacking } from './finding.js';
import { firstLine } from './run.js';

/** Languages whose tool does not come with the platform, with the line that installs it. */
const wanted = [
  { lang: 'python', program: 'python3', args: ['--version'], fix: 'apt-get install python3' },
  { lang: 'php', program: 'php', args: ['--version'], fix: 'apt-get install php-cli' },
  {
    lang: 'rust',
    program: 'rustc',
    args: ['--version'],
    fix: 'apt-get install rustc libstd-rust-dev-wasm32 lld, or rustup target add wasm32-wasip1',
  },
  { lang: 'go', program: 'go', args: ['version'], fix: 'Go 1.21 or newer, or TinyGo' },
] as const;

/** What is installed here, asked of the tools themselves, for when there is no platform to ask. */
export async function tools(): Promise<Finding[]> {
  const found = await Promise.all(
    wanted.map(async ({ args, fix, lang, program }) => {
      const version = await firstLine(program, args);
      return version === undefined ? lacking(lang, `${program} is not installed`, fix) : good(lang, version);
    }),
  );
  return [good('c, cpp', 'the compiler comes with Relais'), good('js, ts, html', 'nothing else is needed'), ...found];
}
