// Model servers for the provider tests: aimock where a server behaves, a bare socket where it does not.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { LLMock } from '@copilotkit/aimock';

export const prompt = 'why is the sky blue?';
export const answer = 'Rayleigh scattering: short waves are scattered more.';

/** aimock, answering `prompt`; what else it shall do is told with its own `on` and `onMessage`. */
export async function startMock(t, prepare = (mock) => mock.onMessage(prompt, { content: answer }), options = {}) {
  const mock = new LLMock({ port: 0, chunkSize: 8, ...options });
  prepare(mock);
  await mock.start();
  t.after(() => mock.stop());
  return mock;
}

/** The chat requests that aimock saw, oldest first. */
export const chats = (mock) => mock.getRequests().filter((entry) => entry.path.endsWith('/chat/completions'));

/** A server that reads one whole HTTP request, then leaves the socket to `respond`. */
export async function startBare(t, respond) {
  const sockets = new Set();
  let requests = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    let seen = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      seen = Buffer.concat([seen, bytes]);
      const end = seen.indexOf('\r\n\r\n');
      const size = Number(/content-length: *(\d+)/i.exec(seen.toString('latin1'))?.[1] ?? 0);
      if (end < 0 || seen.length < end + 4 + size) return;
      seen = Buffer.alloc(0);
      requests += 1;
      respond(socket);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, get requests() { return requests; } };
}

/** A port that nobody listens on: one that was just given back. */
export async function refusedUrl() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

export const streamHeader = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n';

/** One event of a streamed answer. */
export const piece = (content) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'm', choices: [{ index: 0, delta: { content } }] })}\n\n`;
