export { readBegunJournal } from './journal/begun-journal.js';
export { Worker, type WorkerOptions } from './worker.js';
