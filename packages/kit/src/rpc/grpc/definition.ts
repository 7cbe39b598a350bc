import type { CallContext } from '../context.js';
import type { Link } from '../link.js';

/** A generated method definition with its message types forgotten. */
export interface RpcMethod {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (value: never) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => unknown;
  readonly responseSerialize: (value: never) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => unknown;
}

/** A generated service definition: method names to methods. */
export type RpcDefinition = Readonly<Record<string, RpcMethod>>;

/** Names of the two-way streaming methods of a definition. */
export type LinkNameOf<Definition> = {
  [Name in keyof Definition]: Definition[Name] extends { requestStream: true; responseStream: true } ? Name : never;
}[keyof Definition];

/** What the dialling side of a method sends. */
export type RequestOf<Method> = Method extends { requestDeserialize: (bytes: Buffer) => infer Request }
  ? Request
  : never;

/** What the serving side of a method sends. */
export type ResponseOf<Method> = Method extends { responseDeserialize: (bytes: Buffer) => infer Response }
  ? Response
  : never;

/** What is known of a link beside its messages. */
export interface LinkContext {
  /** W3C traceparent the dialling side sent; absent when nothing traces. */
  readonly traceparent?: string;
  /**
   * Fires when the server begins to stop: finish what the link has and close it. A link still open when the grace is
   * over is cut.
   */
  readonly draining: AbortSignal;
}

/** What serves one method: as in ServiceOf when it is unary, a taker of links when both sides stream. */
type HandlerOf<Method> = Method extends { requestStream: false; responseStream: false }
  ? (request: RequestOf<Method>, context: CallContext) => Promise<ResponseOf<Method>>
  : (link: Link<ResponseOf<Method>, RequestOf<Method>>, context: LinkContext) => void;

/** Everything a definition asks of its implementation. */
export type HandlersOf<Definition> = { readonly [Name in keyof Definition]: HandlerOf<Definition[Name]> };
