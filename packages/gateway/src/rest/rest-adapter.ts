import { passThroughTracer, RelaisError, type Span, type Tracer } from '@relais/kit';
import type { Verdict } from '../access/gatekeeper.js';
import { isWorthKeeping } from '../core/tail-keeper.js';
import { tracestateOf } from '../core/tracestate.js';
import { goneSignal } from '../net/gone-signal.js';
import type { ServerRequest, ServerResponse } from '../net/messages.js';
import { failed, type RestAnswer } from './answer.js';
import type { RestCall, RestHandler, RestShared } from './call.js';
import { type RestRoute, routeOf } from './routes.js';
import type { StreamedBody } from './stream-opening.js';
import type { Target } from './target.js';
import { methodNotAllowed, unknownPath } from './unrouted.js';
import { writeAnswer } from './write-answer.js';
import { writeStream } from './write-stream.js';

/** What the adapter needs beside what its handlers share. */
export interface RestAdapterOptions extends RestShared {
  readonly tracer: Tracer;
  /** Told of every failure that is the platform's fault. */
  readonly report: (failure: RelaisError, route: string) => void;
}

/** Contract section 4 over plain HTTP: finds the handler, writes its answer, keeps the span. */
export class RestAdapter {
  readonly #options: RestAdapterOptions;

  constructor(options: RestAdapterOptions) {
    this.#options = options;
  }

  /** Serves one request, or answers it with the refusal; never throws and never rejects. */
  handle(request: ServerRequest, response: ServerResponse, { path, query }: Target, verdict: Verdict): void {
    const method = request.method ?? '';
    const route = routeOf(path);
    const label = route?.label ?? 'unknown';
    const tracer = route?.untraced ? passThroughTracer : this.#options.tracer;
    const span = begin(tracer, request, method, label);
    const { functions, keyId, refusal } = verdict;
    const tracestate = tracestateOf(request.headers.tracestate);
    const { traceparent } = span;
    const caller = { traceparent, tracestate, span, signal: goneSignal(request), functions, keyId };
    const call: RestCall = { request, response, method, path, query, span, caller };
    const handler = route && handlerOf(route, method);
    if (refusal) this.#finish(call, refused(refusal, call), label);
    else if (handler) this.#run(call, handler, label);
    else this.#finish(call, unhandled(call, route), label);
  }

  #run(call: RestCall, handler: RestHandler, label: string): void {
    handler(call, this.#options).then(
      (answer) => this.#finish(call, answer, label),
      (error: unknown) => this.#finish(call, failed(RelaisError.from(error), call.caller.traceparent), label),
    );
  }

  #finish(call: RestCall, answer: RestAnswer, label: string): void {
    if (answer.stream) {
      void this.#stream(call, answer, answer.stream, label);
      return;
    }
    try {
      writeAnswer(call, answer, this.#options);
    } catch (cause) {
      this.#cut(call, cause, label);
    }
    this.#conclude(call, answer, label);
  }

  async #stream(call: RestCall, answer: RestAnswer, stream: StreamedBody, label: string): Promise<void> {
    try {
      const failure = await writeStream(call, answer, stream, this.#options);
      this.#conclude(call, failure ? { ...answer, failure } : answer, label);
    } catch (cause) {
      stream.output.cancel();
      this.#cut(call, cause, label);
      this.#conclude(call, answer, label);
    }
  }

  #cut(call: RestCall, cause: unknown, label: string): void {
    call.response.destroy();
    this.#options.report(RelaisError.from(cause), label);
  }

  #conclude(call: RestCall, answer: RestAnswer, label: string): void {
    const { failure, functionName, invocationId, status } = answer;
    const { span } = call;
    if (failure?.fault === 'platform') this.#options.report(failure, label);
    const { figures } = this.#options.core;
    figures.answered(label, status);
    if (failure?.fields.limit) figures.limitHit(failure.fields.limit.name);
    if (isWorthKeeping(failure)) span.keep();
    if (span.recording) {
      span.set({
        ...{ 'http.response.status_code': status, 'url.path': call.path, 'url.scheme': 'http' },
        ...(invocationId === undefined ? {} : { 'faas.invocation.id': invocationId }),
        ...(functionName === undefined ? {} : { 'faas.name': functionName }),
      });
    }
    span.end(failure);
  }
}

function begin(tracer: Tracer, request: ServerRequest, method: string, label: string): Span {
  const parent = request.headers.traceparent;
  return tracer.start(`${method} ${label}`, {
    kind: 'server',
    parent: typeof parent === 'string' ? parent : undefined,
    attributes: { 'http.request.method': method, 'http.route': label },
  });
}

function refused(refusal: RelaisError, { caller }: RestCall): RestAnswer {
  const challenge = refusal.code === 'unauthenticated' ? { 'www-authenticate': 'Bearer realm="relais"' } : {};
  return failed(refusal, caller.traceparent, challenge);
}

function unhandled({ caller, method, path }: RestCall, route: RestRoute | undefined): RestAnswer {
  if (!route) return unknownPath(path, caller.traceparent);
  return methodNotAllowed(method, allowedBy(route), caller.traceparent);
}

function handlerOf({ methods }: RestRoute, method: string): RestHandler | undefined {
  const name = method === 'HEAD' && methods.GET ? 'GET' : method;
  return Object.hasOwn(methods, name) ? methods[name] : methods.ANY;
}

function allowedBy({ methods }: RestRoute): string[] {
  return methods.GET ? [...Object.keys(methods), 'HEAD'] : Object.keys(methods);
}
