// A model server that speaks what aimock does not: Kimi's search that goes back unchanged, GLM's search results, both
// with their own places for usage. Scripted: `answers` holds, per chat request, the stream's pieces.
import { once } from 'node:events';
import { createServer } from 'node:http';

export async function startVendor(t, answers) {
  const requests = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
      const pieces = answers[requests.length] ?? [];
      requests.push({ path: request.url, headers: request.headers, body });
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const piece of pieces) response.write(Buffer.isBuffer(piece) ? piece : `data: ${typeof piece === 'string' ? piece : JSON.stringify(piece)}\n\n`);
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { server.closeAllConnections(); server.close(); });
  return { url: `http://127.0.0.1:${server.address().port}`, requests };
}

/** One piece of a streamed answer. */
export const delta = (content, finish = null, more = {}) =>
  ({ model: 'm', choices: [{ index: 0, delta: content, finish_reason: finish, ...more }] });
