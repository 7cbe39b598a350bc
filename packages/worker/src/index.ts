export { readBegunJournal } from './journal/begun-journal.js';
export { createRuntimes, type RuntimesOptions } from './runtimes/catalog.js';
export { Worker, type WorkerOptions } from './worker.js';
