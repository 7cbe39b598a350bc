import { GetStatusResponse, ListFunctionsResponse } from '@relais/contracts';
import { RelaisError, silentLogger, systemClock } from '@relais/kit';
import type { Peers } from './peers.js';
import { peersReady } from './peers-ready.js';

/** Peers that answer what the scripts say, one entry a call, the last one for ever. */
function peersOf(storage: (RelaisError | undefined)[], workers: number[]): Peers {
  const storageAnswers = [...storage];
  const workerCounts = [...workers];
  const next = <Value>(script: Value[]): Value | undefined => (script.length > 1 ? script.shift() : script[0]);
  return {
    storage: {
      storage: {
        listFunctions: async () => {
          const failure = next(storageAnswers);
          if (failure) throw failure;
          return ListFunctionsResponse.create();
        },
      } as unknown as Peers['storage']['storage'],
      components: [],
    },
    balancer: {
      fleet: {
        getStatus: async () => GetStatusResponse.create({ workersReady: next(workerCounts) ?? 0 }),
      } as unknown as Peers['balancer']['fleet'],
    } as unknown as Peers['balancer'],
  };
}

const wanted = new AbortController().signal;
const away = new RelaisError('unavailable', 'Storage is away.');
const refused = new RelaisError('unauthenticated', 'Wrong token.');

test('waits for peers that are away and for the workers', async () => {
  const peers = peersOf([away, away, undefined], [0, 3, 4]);
  await expect(peersReady(peers, 4, systemClock, silentLogger, wanted)).resolves.toBeUndefined();
});

test('gives up at once on a peer that refuses us', async () => {
  await expect(peersReady(peersOf([refused], [4]), 0, systemClock, silentLogger, wanted)).rejects.toMatchObject({
    code: 'unauthenticated',
  });
});

test('ends when it is no longer wanted', async () => {
  const stop = new AbortController();
  const waiting = peersReady(peersOf([away], [0]), 4, systemClock, silentLogger, stop.signal);
  stop.abort();
  await expect(waiting).resolves.toBeUndefined();
});
