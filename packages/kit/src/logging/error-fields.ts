import { RelaisError } from '../errors/relais-error.js';

const causesMax = 5;
const stackLengthMax = 8192;
const messageLengthMax = 4096;

/**
 * What a log line says of something thrown: name, code, reason, message, stack, cause and the errors of an aggregate. At
 * most 5 causes deep, 5 errors of an aggregate (without their causes), 8 KiB of stack; what is beyond is left out. Anything but an error is
 * given back as it is.
 */
export function errorFields(thrown: unknown): unknown {
  return describe(thrown, causesMax);
}

function describe(thrown: unknown, causesLeft: number): unknown {
  if (!isError(thrown)) return thrown;
  const code: unknown = 'code' in thrown ? thrown.code : undefined;
  const errors: unknown = 'errors' in thrown ? thrown.errors : undefined;
  return {
    name: thrown.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(RelaisError.is(thrown) ? { reason: thrown.fields.reason, fault: thrown.fault } : {}),
    message: String(thrown.message).slice(0, messageLengthMax),
    stack: String(thrown.stack).slice(0, stackLengthMax),
    ...(causesLeft > 0 && thrown.cause !== undefined ? { cause: describe(thrown.cause, causesLeft - 1) } : {}),
    ...(causesLeft > 0 && Array.isArray(errors)
      ? { errors: errors.slice(0, causesMax).map((error) => describe(error, 0)) }
      : {}),
  };
}

// Not instanceof: an error of another realm is one too.
function isError(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && 'message' in value && 'stack' in value;
}
