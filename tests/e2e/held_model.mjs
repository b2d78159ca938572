// A model server that answers each prompt when it is told to, and counts how often it was asked and how many at once.
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Starts one; what `hold` says yes to is answered at release(), and `fail` may give a status and a Retry-After instead. */
export async function startModel(t, { hold = () => false, fail = () => undefined } = {}) {
  const asked = new Map(); // by prompt
  const talks = new Map(); // what was said of its conversation, by prompt
  const answered = new Set();
  const held = [];
  let open = 0;
  let most = 0; // at once
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => { body += bytes; });
    request.on('end', () => {
      const { messages } = JSON.parse(body);
      const prompt = messages.at(-1).content;
      talks.set(prompt, messages.filter(({ role }) => role !== 'system').map(({ content }) => content));
      asked.set(prompt, (asked.get(prompt) ?? 0) + 1);
      most = Math.max(most, ++open);
      response.on('close', () => { --open; wake(); });
      const answer = () => {
        const message = { role: 'assistant', content: `answer to ${prompt}` };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ model: 'm', usage: { prompt_tokens: 1000, completion_tokens: 100 }, choices: [{ index: 0, message, finish_reason: 'stop' }] }), () => answered.add(prompt));
      };
      const failure = fail(prompt);
      if (failure) {
        if (failure.retryAfter) response.setHeader('retry-after', failure.retryAfter);
        response.writeHead(failure.status).end(JSON.stringify({ error: { message: 'no' } }));
      } else if (hold(prompt)) held.push(answer);
      else answer();
      wake();
    });
  }).listen(0, '127.0.0.1');
  const waiters = [];
  function wake() { for (const waiter of waiters.splice(0)) waiter(); }
  await once(server, 'listening');
  t.after(() => { server.closeAllConnections(); server.close(); });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    asked,
    talks,
    answered,
    get open() { return open; },
    get most() { return most; },
    release() { for (const answer of held.splice(0)) answer(); },
    async until(condition) { while (!condition()) await new Promise((go) => waiters.push(go)); },
  };
}
