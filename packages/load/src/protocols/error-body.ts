/** The code in a JSON body of REST (`error.code`) or Connect (`code`); empty when there is none. */
export function codeIn(body: Buffer): string {
  try {
    const parsed = JSON.parse(body.toString()) as { code?: unknown; error?: { code?: unknown } };
    const code = parsed.error?.code ?? parsed.code;
    return typeof code === 'string' ? code : '';
  } catch {
    return '';
  }
}
