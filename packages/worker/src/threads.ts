/** What the process of long WASM calls loads: quick, and small in memory, for there is no library behind it but the contracts. */

export { LocalThreads } from './wasm/threads/local-threads.js';
export { serveThreads } from './wasm/threads/serve-threads.js';
