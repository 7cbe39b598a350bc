interface Context {
  readonly invocationId: string;
}

// Called with the parsed payload; stays warm between calls. What it prints is its log.
export function handler(event: unknown, context: Context): string {
  console.log('invocation', context.invocationId);
  return `Hello from TypeScript! You sent: ${JSON.stringify(event)}\n`;
}
