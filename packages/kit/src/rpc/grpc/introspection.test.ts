import { execFileSync } from 'node:child_process';

/** Paths of the CommonJS modules that a process has after it imported a module of ours. */
function loadedWith(moduleUrl: string): string[] {
  const script = `await import(${JSON.stringify(moduleUrl)});
    const { createRequire } = await import('node:module');
    console.log(JSON.stringify(Object.keys(createRequire(import.meta.url).cache)));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
}

const readsDescriptors = (path: string) => path.includes('/protobufjs/');

test('a process that has no server, as each worker, is spared what reflection needs', () => {
  const loaded = loadedWith(new URL('../../index.js', import.meta.url).href);
  expect(loaded.some((path) => path.includes('/@grpc/grpc-js/'))).toBe(true);
  expect(loaded.filter(readsDescriptors)).toEqual([]);
  const withReflection = loadedWith(new URL('./introspection.js', import.meta.url).href);
  expect(withReflection.some(readsDescriptors)).toBe(true);
});
