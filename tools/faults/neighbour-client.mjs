// The client of neighbours, as a process of its own: it is told what to call and answers with what it saw.

import { findGroups } from '@relais/worker';
import { underLoad } from './inject.mjs';

// Clients are elsewhere as a rule: how long one waits for a processor behind what it or others call is not what is asked for.
const groups = findGroups(process.pid, 'client');
groups?.standFirst();

process.on('message', async ({ url, targets, phase }) => process.send(await underLoad(url, targets, phase)));
process.on('disconnect', () => groups?.close());
