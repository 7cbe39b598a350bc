import type { CallContext } from './context.js';

/** The part of a ts-proto method definition that types are read from. */
interface UnaryMethod<Request, Response> {
  readonly path: string;
  readonly requestStream: false;
  readonly responseStream: false;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => Request;
  readonly responseSerialize: (value: Response) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/**
 * The interface a role implements and another takes in its constructor, read off a generated service definition:
 * `ServiceOf<typeof StorageServiceService>`. The object itself and a gRPC client of it both have this shape. Methods
 * reject with RelaisError only.
 */
export type ServiceOf<Definition> = {
  readonly [Name in keyof Definition as Definition[Name] extends { requestStream: false; responseStream: false }
    ? Name
    : never]: Definition[Name] extends UnaryMethod<infer Request, infer Response>
    ? (request: Request, context: CallContext) => Promise<Response>
    : never;
};
