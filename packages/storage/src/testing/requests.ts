import { createHash } from 'node:crypto';
import { CreateVersionRequest, Form } from '@relais/contracts';
import type { CallContext } from '@relais/kit';

export const context: CallContext = { budgetMs: 30_000 };

/** A deploy of a source that is its own artifact. */
export function deploy(name: string, source = `source of ${name}`, more: Partial<CreateVersionRequest> = {}) {
  return CreateVersionRequest.create({
    name,
    lang: 'js',
    form: Form.FORM_PROGRAM,
    filename: 'main.js',
    source: Buffer.from(source),
    ...more,
  });
}

/** The same, taking a taken name. */
export function redeploy(name: string, source?: string, more: Partial<CreateVersionRequest> = {}) {
  return deploy(name, source, { update: true, ...more });
}

/** Digest of a source or artifact. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
