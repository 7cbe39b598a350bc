import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { functions, workerdSource } from './functions.mjs';

// Apache-2.0; only measured, so it is installed by the benchmark and is no dependency.
const release = 'workerd@1.20261117.1';
const startMsMax = 15_000;

/** One workerd that serves every function on a port of its own, installed into a temporary folder. */
export async function startWorkerd() {
  const folder = mkdtempSync(join(tmpdir(), 'relais-workerd-'));
  const install = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, release], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (install.status !== 0) throw new Error(`${release} could not be installed`);
  const ports = await Promise.all(functions.map(() => freePort()));
  writeConfig(folder, ports);
  const child = spawn(join(folder, 'node_modules/.bin/workerd'), ['serve', join(folder, 'config/workerd.capnp')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  for (const port of ports) await accepts(port);
  return {
    pid: child.pid,
    urlOf: (name) => `http://127.0.0.1:${ports[functions.findIndex((fn) => fn.name === name)]}`,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function writeConfig(folder, ports) {
  const config = join(folder, 'config');
  mkdirSync(config);
  for (const fn of functions) writeFileSync(join(config, `${fn.name}.mjs`), workerdSource(fn));
  const services = functions.map(({ name }) => `(name = "${name}", worker = .${name}Worker)`);
  const sockets = functions.map(
    ({ name }, index) => `(name = "${name}", address = "127.0.0.1:${ports[index]}", http = (), service = "${name}")`,
  );
  const workers = functions.map(
    ({ name }) =>
      `const ${name}Worker :Workerd.Worker = (modules = [(name = "worker", esModule = embed "${name}.mjs")], compatibilityDate = "2025-01-01");`,
  );
  const text = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [${services.join(', ')}], sockets = [${sockets.join(', ')}]);
${workers.join('\n')}
`;
  writeFileSync(join(config, 'workerd.capnp'), text);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function accepts(port) {
  const endMs = performance.now() + startMsMax;
  while (performance.now() < endMs) {
    const isOpen = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('workerd did not start');
}
