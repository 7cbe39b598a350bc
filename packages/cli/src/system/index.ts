/** Whole platforms, and clients and loads to try them with: for the tests beside this file and for long runs. */
export { Client, example } from './client.js';
export { drainEveryWorker } from './drain-every-worker.js';
export { isAlive, processTree } from './role-process.js';
export { SteadyLoad } from './steady-load.js';
export { allInOne, fourRoles, removeData } from './topology.js';
export { eventually } from './wait.js';
