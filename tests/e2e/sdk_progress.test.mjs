// While a model server takes its time: the user of either official SDK sees progress, and may give up. A bare server, since
// aimock can neither wait for what the client has seen nor tell when the host hangs up.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { answer, piece, prompt, startBare, streamHeader } from './model_server.mjs';
import { Place, bounded } from './place.mjs';
import { providerConfig } from './provider_config.mjs';
import { clients, connect } from './sdk_clients.mjs';

const head = streamHeader + piece('Rayleigh ');
const end = 'data: [DONE]\n\n';

for (const client of clients) {
  for (const [what, rest, before, said] of [
    ['still streams', '', head, /the model is answering, 1 piece/], // told by each piece
    ['has not begun', '[deadlines]\nprogress_interval_ms = 100', '', /waiting for provider/], // told by the host's own timer
  ]) {
    test(`${client} client: progress is heard while the answer ${what}`, bounded, async (t) => {
      const times = [];
      let hear;
      const heard = new Promise((resolve) => { hear = resolve; });
      // The server goes on only after the client has heard of it; a host that says nothing runs into the test's bound.
      const server = await startBare(t, async (socket) => {
        socket.write(before);
        await heard;
        socket.end((before ? '' : head) + piece('scattering.') + end);
      });
      const call = await connect(client, new Place(t).configure(providerConfig(server.url, { rest })));
      const onprogress = ({ progress, message }) => {
        times.push(progress);
        if (said.test(message)) hear();
      };
      const result = await call('chat', { prompt }, { onprogress });
      assert.equal(result.structuredContent.content, 'Rayleigh scattering.');
      assert.equal(server.requests, 1);
      assert.deepEqual(times, [...new Set(times)].sort((a, b) => a - b)); // it only grows
    });
  }

  test(`${client} client: a call that is given up hangs up, and makes room for the next`, bounded, async (t) => {
    let asked;
    const silent = new Promise((resolve) => { asked = resolve; });
    const server = await startBare(t, (socket) => {
      if (server.requests > 1) return socket.end(streamHeader + piece(answer) + end);
      return asked(socket);
    });
    // With one place the next call waits for as long as the first one holds it.
    const call = await connect(client, new Place(t).configure(providerConfig(server.url, { provider: 'concurrency_max = 1' })));
    const enough = new AbortController();
    const given = call('chat', { prompt }, { signal: enough.signal });
    const refused = assert.rejects(given, /no longer wanted/);
    const hungUp = once(await silent, 'close');
    enough.abort(new Error('no longer wanted'));
    await refused;
    await hungUp; // the server never closes it, and no limit of the host is shorter than the test's bound
    const result = await call('chat', { prompt });
    assert.equal(result.structuredContent.content, answer);
    assert.equal(result._meta['toolpost/call'].attempts, 1);
    assert.equal(server.requests, 2);
  });
}
