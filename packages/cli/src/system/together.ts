import { connect } from 'node:http2';

/** Status and body of one call among several. */
export interface TogetherAnswer {
  readonly status: number;
  readonly text: string;
}

/** Calls a function once per payload, all on one HTTP/2 connection in one write, so that they arrive together and in order. */
export async function invokeTogether(
  url: string,
  fn: string,
  payloads: readonly string[],
): Promise<Promise<TogetherAnswer>[]> {
  const session = connect(url);
  await new Promise((resolve, reject) => session.once('remoteSettings', resolve).once('error', reject));
  const answers = payloads.map(
    (payload) =>
      new Promise<TogetherAnswer>((resolve, reject) => {
        const stream = session.request({ ':method': 'POST', ':path': `/invoke?fn=${fn}` });
        let status = 0;
        let text = '';
        stream.setEncoding('utf8');
        stream.on('response', (headers) => {
          status = Number(headers[':status']);
        });
        stream.on('data', (chunk: string) => {
          text += chunk;
        });
        stream.on('end', () => resolve({ status, text }));
        stream.on('error', reject);
        stream.end(payload);
      }),
  );
  void Promise.allSettled(answers).then(() => session.close());
  return answers;
}
