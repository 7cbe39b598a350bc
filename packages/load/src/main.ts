// npm run load -- FUNCTION [CLIENTS] [REQUESTS_EACH]: the injector on its own.
import { loadCommand } from './command.js';

process.exitCode = await loadCommand(process.argv.slice(2), {
  print: (text) => console.log(text),
  note: (text) => console.error(text),
});
