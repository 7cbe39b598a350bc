import { RelaisError } from '@relais/sdk';

/**
 * What the platform's own code threw in this process, as an error of this command. Who runs that is its operator: the cause
 * of an internal one is theirs to read.
 */
export async function platformFailure(thrown: unknown): Promise<RelaisError> {
  const { RelaisError: PlatformError } = await import('@relais/kit');
  const { code, fields, message } = PlatformError.from(thrown);
  const told = code === 'internal' && thrown instanceof Error ? `${message} ${thrown.message}` : message;
  const reason = fields.reason === undefined ? {} : { reason: fields.reason };
  return new RelaisError(code, told, { ...reason, component: fields.component ?? 'platform', cause: thrown });
}
