// Model servers: one that answers well, and bare sockets for those that do not. All on 127.0.0.1.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const ok = 'HTTP/1.1 200 OK\r\n';
export const streamHead = `${ok}Content-Type: text/event-stream\r\nConnection: close\r\n\r\n`;
export const jsonHead = (size) => `${ok}Content-Type: application/json\r\nContent-Length: ${size}\r\nConnection: close\r\n\r\n`;
export const piece = (content) => {
  const choices = [{ index: 0, delta: { content } }];
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'm', choices })}\n\n`;
};
export const done = 'data: [DONE]\n\n';
export const stream = (content) => `${streamHead}${piece(content)}${done}`;
export const status = (line, headers, body = '{"error":{"message":"no"}}') =>
  `HTTP/1.1 ${line}\r\n${headers.map((header) => `${header}\r\n`).join('')}Content-Type: application/json\r\n` +
  `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;

/** Reads whole requests and leaves the socket and the request's JSON to `respond`; `greet` sees it before that. */
export async function startUpstream({ respond = () => {}, greet }) {
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    greet?.(socket);
    let seen = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      seen = Buffer.concat([seen, bytes]);
      const end = seen.indexOf('\r\n\r\n');
      const size = Number(/content-length: *(\d+)/i.exec(seen.toString('latin1'))?.[1] ?? 0);
      if (end < 0 || seen.length < end + 4 + size) return;
      const body = seen.subarray(end + 4);
      seen = Buffer.alloc(0);
      respond(socket, body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${server.address().port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Says the prompt back, which is how an innocent call knows its own answer. */
export const startGoodUpstream = () =>
  startUpstream({
    respond: (socket, body) => socket.end(stream(JSON.parse(body.toString('utf8')).messages.at(-1).content)),
  });

/** A port that nobody listens on: one that was just given back. */
export async function refusedUpstream() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return { address: `127.0.0.1:${port}`, close() {} };
}

/** A listener that never accepts, with a full queue: the kernel drops what else wants to connect. */
export async function droppingUpstream() {
  const listener = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
    console.log(this.address().port);
  })`;
  const child = spawn(process.execPath, ['-e', listener]);
  const [line] = await once(child.stdout, 'data');
  const port = Number(line);
  child.kill('SIGSTOP');
  const fillers = [...Array(8)].map(() => connect(port, '127.0.0.1').on('error', () => {}));
  await Promise.all(fillers.slice(0, 2).map((socket) => once(socket, 'connect')));
  return {
    address: `127.0.0.1:${port}`,
    close() {
      child.kill('SIGKILL');
      for (const socket of fillers) socket.destroy();
    },
  };
}
