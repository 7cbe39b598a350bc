/** What a thread can load quickly: no library behind it but the contracts. */

export { fromDetail, RelaisError, toDetail } from './errors/relais-error.js';
export { partBytesMax, partCost } from './rpc/flow.js';
export { systemClock } from './time/clock.js';
