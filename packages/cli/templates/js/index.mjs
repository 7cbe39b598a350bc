// Called with the parsed payload; stays warm between calls. What it prints is its log.
export function handler(event, context) {
  console.log('invocation', context.invocationId);
  return `Hello from JavaScript! You sent: ${JSON.stringify(event)}\n`;
}
