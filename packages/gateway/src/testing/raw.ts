import net from 'node:net';

/**
 * Sends bytes over TCP and answers everything that came back until the other side closed. Reads nothing before all is
 * sent, as the most stubborn client does: a reset that overtakes the answer makes it reject.
 */
export function rawExchange(port: number, ...parts: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const chunks: Buffer[] = [];
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
    for (const part of parts) socket.write(part);
    socket.write('', () => socket.on('data', (chunk) => chunks.push(chunk)));
  });
}
