export { commands } from './commands/table.js';
export type { Command } from './framework/command.js';
export { exitCodes } from './framework/exit-codes.js';
export { optionsOf } from './framework/program.js';
