// A key that the host holds, told back to it in every way that an upstream can: it is in no answer, and in nothing that
// the host leaves on disk.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { Place, bounded } from './place.mjs';
import { providerConfig } from './provider_config.mjs';
import { RawPeer } from './raw_peer.mjs';

const canary = 'sk-canary-5d1e8f70a2';

/** What a model server may do with the key that it was sent; by prompt. */
const tales = {
  answer: (key) => [200, JSON.stringify({ model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: `you sent ${key}` }, finish_reason: 'stop' }] })],
  refuse: (key) => [401, JSON.stringify({ error: { message: `the key ${key} is wrong`, type: 'authentication_error' } })],
  fail: (key) => [500, JSON.stringify({ error: { message: `${key} broke us` } })],
  babble: (key) => [200, `not JSON ${key}`],
};

async function startTalker(t) {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => { body += bytes; });
    request.on('end', () => {
      const prompt = JSON.parse(body).messages.at(-1).content;
      const key = request.headers.authorization.replace('Bearer ', '');
      assert.equal(key, canary);
      const [status, text] = tales[prompt](key);
      response.writeHead(status, { 'content-type': 'application/json', 'x-echo': key }).end(text);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { server.closeAllConnections(); server.close(); });
  return `http://127.0.0.1:${server.address().port}`;
}

/** Every regular file beneath, with what is in it. */
function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const status = statSync(path);
    if (status.isDirectory()) yield* files(path);
    else if (status.isFile()) yield [path, readFileSync(path)];
  }
}

test('secrets at rest: a key that an upstream tells back is in no log, store, journal, crash report or answer', bounded, async (t) => {
  const url = await startTalker(t);
  const place = new Place(t).configure(providerConfig(url, {
    provider: 'key = { env = "CANARY_KEY" }\n[providers.upstream.config]\nstream = false',
    rest: '[log]\nlevel = "debug"\n[turns]\nturn_max_ms = 2000',
  }));
  const plugins = join(place.folder, 'home/.local/share/toolpost/plugins');
  mkdirSync(plugins, { recursive: true, mode: 0o700 });
  copyFileSync(join(dirname(process.env.TOOLPOST), '../tests/plugins/faulty.so'), join(plugins, 'faulty.so'));
  chmodSync(join(plugins, 'faulty.so'), 0o644);
  const peer = new RawPeer(place, { CANARY_KEY: canary });
  await peer.initialize();
  for (const prompt of Object.keys(tales)) {
    const durable = { 'toolpost/durable': true }; // so that its journal is kept
    const call = (id, _meta) => peer.ask({ id, method: 'tools/call', params: { name: 'chat', arguments: { prompt }, _meta } });
    const [plain, kept] = [await call(`${prompt} 1`, {}), await call(`${prompt} 2`, durable)];
    for (const { result } of [plain, kept]) assert.equal(result.isError ?? false, prompt !== 'answer', JSON.stringify(result));
  }
  // A thread goes on, a plugin dies, a call is interrupted: each leaves something behind.
  assert.equal((await peer.call('crash', 'crash', {})).result.isError, true);
  peer.send({ id: 'left', method: 'tools/call', params: { name: 'chat', arguments: { prompt: 'fail' }, _meta: { 'toolpost/durable': true } } });
  await peer.call('version', 'version', {});
  peer.process.kill('SIGKILL');
  await peer.exited;
  const found = [...files(join(place.folder, 'state')), ...files(join(place.folder, 'home'))];
  const kinds = found.map(([path]) => path.slice(place.folder.length));
  for (const wanted of [/toolpost\.db$/, /logs\/.*\.jsonl$/, /crashes\//, /limits\/upstream$/])
    assert.ok(kinds.some((path) => wanted.test(path)), `${wanted} in ${kinds}`);
  for (const [path, bytes] of found) assert.ok(!bytes.includes(canary), path);
  assert.ok(!peer.stderr.includes(canary), peer.stderr);
  assert.ok(!JSON.stringify(peer.messages).includes(canary));
  assert.match(JSON.stringify(peer.messages), /you sent /); // what stood beside it arrived
});
