const headBytes = 5;
const endFlag = 2;

/** One event of a server stream; the last has the error, if any. */
export interface StreamedEvent {
  readonly message?: { readonly chunk?: { readonly text?: string }; readonly end?: { readonly invocationId: string } };
  readonly end?: { readonly error?: { readonly code: string } };
}

/** Calls a server-streaming RPC by Connect with JSON, each message in its envelope; resolves with all events. */
export async function connectStream(url: string, method: string, request: object): Promise<StreamedEvent[]> {
  const json = Buffer.from(JSON.stringify(request));
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(json.length, 1);
  const answer = await fetch(`${url}/relais.v1.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/connect+json' },
    body: Buffer.concat([head, json]),
  });
  const body = Buffer.from(await answer.arrayBuffer());
  const events: StreamedEvent[] = [];
  for (let at = 0; at < body.length; ) {
    const endAt = at + headBytes + body.readUInt32BE(at + 1);
    const parsed = JSON.parse(body.toString('utf8', at + headBytes, endAt));
    events.push(body[at] === endFlag ? { end: parsed } : { message: parsed });
    at = endAt;
  }
  return events;
}
