// Runs in the user's process. Waits on file descriptor 3 for a function, then serves its calls one after the other.

import { once } from 'node:events';
import Module, { createRequire, registerHooks } from 'node:module';
import { Socket } from 'node:net';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format, inspect } from 'node:util';
import vm from 'node:vm';
import { Worker } from 'node:worker_threads';
import { spanMaker } from './spans.mjs';

const messageCharsMax = 2048;
const stackCharsMax = 8192;
const httpHeaderCharsMax = 64 * 1024;
const partBytesMax = 64 * 1024;
/** What a part uses up of the credit beside its bytes. */
const partOverheadBytes = 128;

const channel = new Socket({ fd: 3, readable: true, writable: true });
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
let received = Buffer.alloc(0);
let handler;
let facts;
let outputBytesMax = 0;
/** Of the call under way, when its output goes out as it comes: what may still be sent of it, and who waits for more. */
let credit = { call: 0, bytes: 0, more: () => {} };
/** Prefixes of the function's own files, which its stacks do without. */
let ownPrefixes = ['file:///function/', '/function/'];

channel.on('data', (chunk) => {
  received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
  for (let frame = nextFrame(); frame; frame = nextFrame()) void onFrame(frame.header, frame.payload);
});
// Nobody is there to answer to any more.
channel.on('close', () => process.exit());
channel.on('error', () => process.exit());

function nextFrame() {
  if (received.length < 8) return undefined;
  const payloadAt = 8 + received.readUInt32LE(0);
  const endAt = payloadAt + received.readUInt32LE(4);
  if (received.length < endAt) return undefined;
  const header = JSON.parse(received.toString('utf8', 8, payloadAt));
  const payload = received.subarray(payloadAt, endAt);
  received = received.subarray(endAt);
  return { header, payload };
}

function send(header, payload = Buffer.alloc(0)) {
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32LE(json.length, 0);
  prefix.writeUInt32LE(payload.length, 4);
  channel.write(payload.length < 16_384 ? Buffer.concat([prefix, json, payload]) : Buffer.concat([prefix, json]));
  if (payload.length >= 16_384) channel.write(payload);
}

async function onFrame(header, payload) {
  if (header.type === 'credit') return takeCredit(header);
  if (header.type === 'call') return answer(header, payload);
  Object.assign(process.env, header.env);
  if (header.egress) await startRelay(header.egress);
  if (header.directory) enter(header.directory);
  if (header.type === 'run')
    return header.directory ? runFiles(header) : runProgram(header.filename, payload.toString());
  try {
    handler = handlerOf(
      await (header.directory ? importFile(header) : loadModule(header.filename, payload.toString())),
    );
    facts = header.function;
    outputBytesMax = header.outputBytesMax;
    send({ type: 'ready' });
  } catch (error) {
    send({ type: 'failed', error: describe(error) });
  }
}

async function startRelay(workerData) {
  const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 };
  const relay = new Worker(new URL('relay.mjs', import.meta.url), {
    workerData,
    resourceLimits,
    execArgv: [],
    env: {},
  });
  await once(relay, 'message');
  relay.unref();
}

async function answer(header, payload) {
  const { call } = header;
  try {
    const value = await handler(eventOf(payload), contextOf(header));
    const isResponse = header.http && typeof value?.statusCode === 'number';
    const body = isResponse ? bodyOf(value) : value;
    const http = isResponse ? { http: { status: value.statusCode, headers: headersOf(value.headers) } } : {};
    if (header.windowBytes && isStream(body)) {
      await sendParts(header, http, body);
      return send({ type: 'result', call });
    }
    const output = await bytesOf(body);
    if (output.length > outputBytesMax) return send({ type: 'overflow', call, bytes: output.length });
    send({ type: 'result', call, ...http }, output);
  } catch (error) {
    send({ type: 'error', call, error: describe(error) });
  }
}

/** What is not JSON is text, what is not text is bytes, nothing at all is null. */
function eventOf(payload) {
  if (payload.length === 0) return null;
  let text;
  try {
    text = utf8.decode(payload);
  } catch {
    return payload;
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function contextOf(header) {
  const endMs = performance.now() + header.remainingMs;
  const { invocationId, deadlineMs, traceparent, tracestate, attempt } = header;
  const context = {
    invocationId,
    functionName: facts.name,
    functionId: facts.id,
    version: facts.version,
    deadlineMs,
    traceparent,
    tracestate,
    attempt,
    getRemainingTimeMs: () => Math.max(0, endMs - performance.now()),
    logger,
    span: spanMaker(header, send),
  };
  if (header.http) {
    const { method, path, query, headers } = header.http;
    context.http = { method, path, query, headers: joined(headers) };
  }
  return context;
}

function joined(headers) {
  const values = new Map();
  for (const { name, value } of headers) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`);
  }
  return Object.fromEntries(values);
}

function logLine(level) {
  return (...values) => process.stderr.write(`${level} ${format(...values)}\n`);
}
const logger = { debug: logLine('DEBUG'), info: logLine('INFO'), warn: logLine('WARN'), error: logLine('ERROR') };

/** What brings its values one by one: generators, streams, whatever else is an async iterable or an iterator. */
function isStream(value) {
  if (typeof value?.[Symbol.asyncIterator] === 'function') return true;
  return typeof value?.[Symbol.iterator] === 'function' && typeof value.next === 'function';
}

/** Sends values as they come, and asks for the next only when what came before was within the credit. */
async function sendParts({ call, windowBytes }, http, values) {
  credit = { call, bytes: windowBytes, more: () => {} };
  // Cut so that there is credit for a part while some of what was used up has not been given back.
  const bytesMax = Math.min(partBytesMax, Math.floor(windowBytes / 2) - partOverheadBytes);
  if (http.http) await sendPart({ type: 'part', call, ...http }, Buffer.alloc(0));
  for await (const value of values) {
    const chunk = chunkBytes(value);
    for (let at = 0; at < chunk.length; at += bytesMax) {
      await sendPart({ type: 'part', call }, chunk.subarray(at, at + bytesMax));
    }
  }
}

async function sendPart(header, bytes) {
  const cost = bytes.length + partOverheadBytes;
  while (credit.bytes < cost) {
    await new Promise((resolve) => {
      credit.more = resolve;
    });
  }
  credit.bytes -= cost;
  send(header, bytes);
}

function takeCredit({ call, bytes }) {
  // Late: of a call that has ended.
  if (call !== credit.call) return;
  credit.bytes += bytes;
  credit.more();
}

async function bytesOf(value) {
  return isStream(value) ? joinChunks(value) : chunkBytes(value);
}

async function joinChunks(values) {
  const chunks = [];
  let bytes = 0;
  for await (const value of values) {
    const chunk = chunkBytes(value);
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > outputBytesMax) break;
  }
  return Buffer.concat(chunks);
}

function chunkBytes(value) {
  if (typeof value === 'string') return Buffer.from(value);
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  return Buffer.from(JSON.stringify(value) ?? '');
}

function bodyOf(response) {
  return response.isBase64Encoded ? fromBase64(String(response.body ?? '')) : response.body;
}

/** Either alphabet, padded or not, spaces ignored. Node's own decoder takes anything and leaves out what it cannot read. */
function fromBase64(text) {
  const digits = text.replace(/\s+/g, '').replace(/={1,2}$/, '');
  if (digits.length % 4 === 1 || /[^\w+/-]/.test(digits))
    throw new TypeError('the body of the response is not base64, as isBase64Encoded says');
  return Buffer.from(digits, 'base64');
}

function headersOf(headers) {
  const pairs = Object.entries(headers ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((single) => [name, String(single)]),
  );
  const chars = pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (chars > httpHeaderCharsMax) throw new RangeError(`response headers of ${chars} characters`);
  return pairs;
}

function describe(error) {
  try {
    if (error === null || typeof error !== 'object' || typeof error.message !== 'string')
      return { name: 'a value', message: cut(inspect(error), messageCharsMax), stack: '' };
    return {
      name: cut(String(error.name), 256),
      message: cut(ownPaths(error.message), messageCharsMax),
      stack: cut(cleanStack(String(error.stack)), stackCharsMax),
    };
  } catch {
    return { name: 'Error', message: 'an error that cannot be described', stack: '' };
  }
}

function cleanStack(stack) {
  // A span is between two frames of the user's code.
  const lines = stack.split('\n').filter((line) => !/^\s+at .*relais:shim-spans/.test(line));
  // What called the user's code is the shim, and what called that is no business of theirs.
  const end = lines.findIndex((line) => /^\s+at .*relais:shim/.test(line));
  const own = lines.slice(0, end === -1 ? undefined : end).filter((line) => !/^\s+at .*node:internal/.test(line));
  return ownPaths(own.join('\n'));
}

function ownPaths(text) {
  return ownPrefixes.reduce((shown, prefix) => shown.replaceAll(prefix, ''), text);
}

function cut(text, charsMax) {
  return text.length > charsMax ? text.slice(0, charsMax) : text;
}

/** Makes a directory of files the home of the function, outside of which no package is found. */
function enter(directory) {
  const root = `${pathToFileURL(directory).href}/`;
  ownPrefixes = [root, `${directory}/`];
  process.chdir(directory);
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const isPackage = !/^(\.{0,2}\/|\.{1,2}$|file:)/.test(specifier);
      if (isPackage && found.url.startsWith('file:') && !found.url.startsWith(root)) throw notFound(specifier, context);
      return found;
    },
  });
}

function notFound(specifier, { conditions }) {
  const code = conditions?.includes('require') ? 'MODULE_NOT_FOUND' : 'ERR_MODULE_NOT_FOUND';
  return Object.assign(new Error(`Cannot find package '${specifier}'`), { code });
}

function importFile({ directory, filename }) {
  return import(pathToFileURL(join(directory, filename)).href);
}

/** As node runs its own main module. */
function runFiles({ directory, filename }) {
  process.argv = [process.execPath, join(directory, filename)];
  channel.unref();
  Module.runMain();
}

/** CommonJS when it compiles as that, an ES module otherwise; .mjs and .cjs say it themselves. */
async function loadModule(filename, source) {
  const path = `/function/${basename(filename)}`;
  const cjs = path.endsWith('.mjs') ? undefined : compileCjs(path, source);
  return cjs ? evaluateCjs(cjs, path) : importSource(pathToFileURL(path).href, source);
}

function compileCjs(path, source) {
  try {
    return vm.compileFunction(source, ['exports', 'require', 'module', '__filename', '__dirname'], {
      filename: path,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
  } catch (error) {
    if (path.endsWith('.cjs')) throw error;
    return undefined;
  }
}

function evaluateCjs(compiled, path) {
  const require = createRequire(path);
  const module = {
    id: '.',
    path: '/function',
    filename: path,
    loaded: false,
    exports: {},
    children: [],
    paths: [],
    require,
  };
  require.main = module;
  compiled.call(module.exports, module.exports, require, module, path, '/function');
  module.loaded = true;
  return module.exports;
}

async function importSource(url, source) {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === url ? { url, format: 'module', shortCircuit: true } : next(specifier, context),
    load: (target, context, next) =>
      target === url ? { source, format: 'module', shortCircuit: true } : next(target, context),
  });
  try {
    return await import(url);
  } finally {
    hooks.deregister();
  }
}

function handlerOf(module) {
  const candidates = [module.handler, module.default, module.default?.handler, module];
  const found = candidates.find((candidate) => typeof candidate === 'function');
  if (!found) throw new TypeError('the source exports no handler function');
  return found;
}

function runProgram(filename, source) {
  process.argv = [process.execPath, basename(filename)];
  let loaded = false;
  // What node itself does for a main module whose top-level await never ends.
  process.on('exit', (code) => {
    if (!loaded && code === 0) process.exitCode = 13;
  });
  channel.unref();
  loadModule(filename, source).then(
    () => {
      loaded = true;
    },
    (error) => {
      loaded = true;
      // Outside every promise, so that it is reported like any uncaught exception.
      setImmediate(() => {
        throw error;
      });
    },
  );
}
//# sourceURL=relais:shim
