export { readBegunJournal } from './journal/begun-journal.js';
export { createRuntimes, languagesOf, type RuntimesOptions } from './runtimes/catalog.js';
export { Worker, type WorkerOptions } from './worker.js';
