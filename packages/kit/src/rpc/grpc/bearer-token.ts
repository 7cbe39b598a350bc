import { createHash, timingSafeEqual } from 'node:crypto';
import { type Metadata, ServerInterceptingCall, type ServerInterceptor, ServerListenerBuilder } from '@grpc/grpc-js';
import { RelaisError } from '../../errors/relais-error.js';
import { statusOf } from './status.js';

const key = 'authorization';

/** Puts a token where {@link requireToken} looks for it. */
export function setToken(metadata: Metadata, token: string): void {
  metadata.set(key, `Bearer ${token}`);
}

/** Ends every call that does not carry the token with unauthenticated. Digests are compared, in constant time. */
export function requireToken(token: string): ServerInterceptor {
  const expected = digest(`Bearer ${token}`);
  const carriesToken = (metadata: Metadata) => {
    const given = metadata.get(key)[0];
    return typeof given === 'string' && timingSafeEqual(digest(given), expected);
  };
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start(next) {
        const listener = new ServerListenerBuilder().withOnReceiveMetadata((metadata, pass) => {
          if (carriesToken(metadata)) pass(metadata);
          else call.sendStatus(statusOf(refusal()));
        });
        next(listener.build());
      },
    });
}

function refusal(): RelaisError {
  return new RelaisError(
    'unauthenticated',
    'The internal token is missing or wrong; give every role of this platform the same one.',
    { reason: 'bad_internal_token' },
  );
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
