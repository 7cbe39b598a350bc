import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import {
  AttachRequest,
  AttachResponse,
  BalancerServiceService,
  DispatchRequest,
  type DispatchResponse,
  Job,
} from '@relais/contracts';
import { RelaisError } from '../../errors/relais-error.js';
import type { Component } from '../../lifecycle/component.js';
import { Bench, failureOf, until } from '../fixtures.js';
import type { Link } from '../link.js';
import type { HandlersOf, LinkContext } from './definition.js';
import type { GrpcServer } from './grpc-server.js';
import { registration } from './registration.js';

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.down());

/** One end of a link and all that happened at it. */
class End<Out, In> {
  readonly link: Link<Out, In>;
  readonly messages: In[] = [];
  readonly ends: (RelaisError | undefined)[] = [];

  constructor(link: Link<Out, In>) {
    this.link = link;
    link.receive({ message: (message) => this.messages.push(message), closed: (error) => this.ends.push(error) });
  }
}

type Handlers = HandlersOf<typeof BalancerServiceService>;
const unused = (link: { close(): void }) => link.close();

function balancer(attach: Handlers['attach']) {
  return registration(BalancerServiceService, { attach, dispatch: unused, supervise: unused }, 'balancer');
}

interface Pair {
  readonly dialled: End<AttachRequest, AttachResponse>;
  readonly served: End<AttachResponse, AttachRequest>;
  readonly context: LinkContext;
  readonly server: GrpcServer;
}

async function pair(address = bench.address): Promise<Pair> {
  const served: End<AttachResponse, AttachRequest>[] = [];
  const contexts: LinkContext[] = [];
  const server = await bench.server({
    address,
    registrations: [
      balancer((link, context) => {
        served.push(new End(link));
        contexts.push(context);
      }),
    ],
  });
  const channel = await bench.channel({ address: server.boundAddress, name: 'balancer' });
  const dialled = new End(await channel.dial(BalancerServiceService, 'attach', '00-ab-cd-01')());
  return { dialled, served: served[0] as Pair['served'], context: contexts[0] as LinkContext, server };
}

/** A TCP relay that can stop carrying bytes without closing anything. */
class Wire implements Component {
  readonly name = 'wire';
  readonly #target: number;
  readonly #sockets: Socket[] = [];
  readonly #server = createServer((near) => {
    const far = connect(this.#target, '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => {});
    this.#sockets.push(near, far);
  });

  constructor(target: string) {
    this.#target = Number(target.split(':')[1]);
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  fallSilent(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const beat = (running: number) => AttachRequest.create({ heartbeat: { running, oldestJobMs: 0 } });
const job = (id: number) => AttachResponse.create({ jobs: [Job.create({ id })] });

test.each(['unix', '127.0.0.1:0'])('messages cross in order both ways over %s', async (kind) => {
  const { dialled, served, context } = await pair(kind === 'unix' ? bench.address : kind);
  for (let n = 1; n <= 100; n += 1) dialled.link.send(beat(n));
  served.link.send(job(1));
  served.link.send(job(2));
  await until(() => served.messages.length === 100 && dialled.messages.length === 2, 'all messages');
  expect(served.messages.map((one) => one.heartbeat?.running)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  expect(dialled.messages.map((one) => one.jobs[0]?.id)).toEqual([1, 2]);
  expect(context.traceparent).toBe('00-ab-cd-01');
  expect(context.draining.aborted).toBe(false);
  expect(dialled.link.peer).toContain('balancer at ');
});

test.each(['dialled', 'served'] as const)(
  'closed by the %s side, both end in good order after what was sent',
  async (side) => {
    const { dialled, served } = await pair();
    for (let n = 1; n <= 50; n += 1) {
      dialled.link.send(beat(n));
      served.link.send(job(n));
    }
    const [closing, other] = side === 'dialled' ? [dialled, served] : [served, dialled];
    closing.link.close();
    closing.link.send(undefined as never);
    await until(() => dialled.ends.length + served.ends.length === 2, 'both ends');
    expect(other.messages).toHaveLength(50);
    expect([dialled.ends, served.ends]).toEqual([[undefined], [undefined]]);
  },
);

test('a server that is cut ends the link with unavailable, once', async () => {
  const { dialled, served, server, context } = await pair();
  await server.stop(0);
  await until(() => dialled.ends.length + served.ends.length === 2, 'both ends');
  expect(context.draining.aborted).toBe(true);
  expect([dialled.ends[0]?.code, served.ends[0]?.code]).toEqual(['unavailable', 'unavailable']);
});

test('a server whose links close when it drains stops at once', async () => {
  const { dialled, served, server, context } = await pair();
  context.draining.addEventListener('abort', () => served.link.close());
  const beganMs = performance.now();
  await server.stop(15_000);
  expect(performance.now() - beganMs).toBeLessThan(5_000);
  expect(dialled.ends).toEqual([undefined]);
});

test('a channel that stops closes its links in good order', async () => {
  const served: End<AttachResponse, AttachRequest>[] = [];
  await bench.server({ registrations: [balancer((link) => served.push(new End(link)))] });
  const channel = await bench.channel();
  const dialled = new End(await channel.dial(BalancerServiceService, 'attach')());
  await channel.stop(5_000);
  await until(() => served[0]?.ends.length === 1, 'the end');
  expect([dialled.ends, served[0]?.ends]).toEqual([[undefined], [undefined]]);
});

test('a handler that throws ends the link with its failure', async () => {
  await bench.server({
    registrations: [
      balancer(() => {
        throw new RelaisError('resource_exhausted', 'no room', { reason: 'fleet_full' });
      }),
    ],
  });
  const dial = (await bench.channel()).dial(BalancerServiceService, 'attach');
  const end = new End(await dial());
  await until(() => end.ends.length === 1, 'the end');
  expect([end.ends[0]?.code, end.ends[0]?.fields.reason]).toEqual(['resource_exhausted', 'fleet_full']);
});

test('a peer that does not read costs at most the buffer, then the link', async () => {
  const links: Link<DispatchResponse, DispatchRequest>[] = [];
  const ends: (RelaisError | undefined)[] = [];
  await bench.server({
    registrations: [
      registration(
        BalancerServiceService,
        // No receiver for messages: grpc-js then does not read, and flow control stops the sender.
        { attach: unused, supervise: unused, dispatch: (link) => links.push(link) },
        'balancer',
      ),
    ],
  });
  const link = await (await bench.channel()).dial(BalancerServiceService, 'dispatch')();
  link.receive({ message: () => {}, closed: (error) => ends.push(error) });
  const frame = DispatchRequest.create({
    jobs: [Job.create({ work: { $case: 'invoke', value: { payload: Buffer.alloc(1 << 22) } } })],
  });
  let highestBytes = 0;
  for (let n = 0; n < 20; n += 1) {
    link.send(frame);
    highestBytes = Math.max(highestBytes, link.bufferedBytes);
  }
  expect(highestBytes).toBeGreaterThan(32 << 20);
  expect(highestBytes).toBeLessThanOrEqual(64 << 20);
  await until(() => ends.length === 1, 'the end');
  expect([ends[0]?.code, ends[0]?.fields.limit?.name]).toEqual(['resource_exhausted', 'linkBufferBytesMax']);
});

test('what was sent leaves the buffer when it is read', async () => {
  let received = 0;
  await bench.server({
    registrations: [
      registration(
        BalancerServiceService,
        {
          attach: unused,
          supervise: unused,
          dispatch: (link) =>
            link.receive({
              message: () => {
                received += 1;
              },
              closed: () => {},
            }),
        },
        'balancer',
      ),
    ],
  });
  const link = await (await bench.channel()).dial(BalancerServiceService, 'dispatch')();
  link.receive({ message: () => {}, closed: () => {} });
  const frame = DispatchRequest.create({
    jobs: [Job.create({ work: { $case: 'invoke', value: { payload: Buffer.alloc(1 << 20) } } })],
  });
  for (let n = 0; n < 8; n += 1) link.send(frame);
  await until(() => received === 8 && link.bufferedBytes === 0, 'an empty buffer');
  expect(received).toBe(8);
});

test.each([
  ['falls silent', (wire: Wire) => wire.fallSilent()],
  ['breaks', (wire: Wire) => wire.cut()],
])('when the connection %s both ends get unavailable', async (_how, harm) => {
  const keepalive = { timeMs: 50, timeoutMs: 50 };
  const served: End<AttachResponse, AttachRequest>[] = [];
  const server = await bench.server({
    address: '127.0.0.1:0',
    keepalive,
    registrations: [balancer((link) => served.push(new End(link)))],
  });
  const wire = await bench.up(new Wire(server.boundAddress));
  const channel = await bench.channel({ address: wire.address, keepalive });
  const dialled = new End(await channel.dial(BalancerServiceService, 'attach')());
  expect([dialled.ends, served[0]?.ends]).toEqual([[], []]);
  harm(wire);
  await until(() => dialled.ends.length === 1 && served[0]?.ends.length === 1, 'both ends');
  expect([dialled.ends[0]?.code, served[0]?.ends[0]?.code]).toEqual(['unavailable', 'unavailable']);
});

test('a dial to nobody rejects with unavailable within its bound', async () => {
  const dial = (await bench.channel({ name: 'balancer' })).dial(BalancerServiceService, 'attach');
  const beganMs = performance.now();
  const error = await failureOf(dial());
  expect([error.code, error.fields.reason]).toEqual(['unavailable', 'peer_unreachable']);
  expect(error.message).toContain('balancer');
  expect(performance.now() - beganMs).toBeLessThan(5_000);
});

test('a dial with the wrong token rejects with unavailable and the reason', async () => {
  const server = await bench.server({ address: '127.0.0.1:0', token: 'right', registrations: [balancer(unused)] });
  const channel = await bench.channel({ address: server.boundAddress, token: 'wrong' });
  const error = await failureOf(channel.dial(BalancerServiceService, 'attach')());
  expect([error.code, error.fields.reason]).toEqual(['unavailable', 'bad_internal_token']);
  const good = await bench.channel({ address: server.boundAddress, token: 'right' });
  const end = new End(await good.dial(BalancerServiceService, 'attach')());
  await until(() => end.ends.length === 1, 'the end');
  expect(end.ends).toEqual([undefined]);
});

test('a dial whose server has no such method rejects', async () => {
  await bench.server({});
  const error = await failureOf((await bench.channel()).dial(BalancerServiceService, 'attach')());
  expect([error.code, error.fields.reason]).toEqual(['unavailable', 'unimplemented']);
});
