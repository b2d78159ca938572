// A model server that speaks what aimock does not: Kimi's search that goes back unchanged, GLM's search results, both
// with their own places for usage, and files. Scripted: `answers` holds, per request, the stream's pieces, or is a
// function of the request that gives them, or the body of one JSON answer as { json, status }.
import { once } from 'node:events';
import { createServer } from 'node:http';

export async function startVendor(t, answers) {
  const requests = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
      const bytes = Buffer.concat(chunks);
      const isJson = /json/.test(request.headers['content-type'] ?? '');
      const seen = { method: request.method, path: request.url, headers: request.headers, bytes, body: isJson ? JSON.parse(bytes.toString()) : {} };
      const answer = (typeof answers === 'function' ? answers(seen, requests.length) : answers[requests.length]) ?? [];
      requests.push(seen);
      if (!Array.isArray(answer)) {
        response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
        return response.end(JSON.stringify(answer.json));
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const piece of answer) response.write(Buffer.isBuffer(piece) ? piece : `data: ${typeof piece === 'string' ? piece : JSON.stringify(piece)}\n\n`);
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
