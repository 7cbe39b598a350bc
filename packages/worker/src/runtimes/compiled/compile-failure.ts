import type { Diagnostic } from '@relais/contracts';
import { RelaisError } from '@relais/kit';

/** A source that does not compile, with all that was said of it; the first error leads the message. */
export function compileFailure(diagnostics: readonly Diagnostic[], filename: string): RelaisError {
  const first = diagnostics.find(({ severity }) => severity === 'error') ?? silence(filename);
  const place = first.line > 0 ? `${first.file}:${first.line}:${first.column}: ` : '';
  return new RelaisError('invalid_argument', `The source does not compile: ${place}${first.message}`, {
    reason: 'compile_error',
    diagnostics: diagnostics.includes(first) ? diagnostics : [...diagnostics, first],
  });
}

function silence(file: string): Diagnostic {
  return { file, line: 0, column: 0, severity: 'error', message: 'the compiler made no program' };
}
