// What a host counts, each thing made to happen once on a running one.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { startModel } from './held_model.mjs';
import { Place, bounded } from './place.mjs';
import { providerConfig } from './provider_config.mjs';
import { RawPeer } from './raw_peer.mjs';

const key = 'sk-canary-0123456789';

async function start(t, model, rest = '') {
  const place = new Place(t);
  const models = join(place.folder, 'models');
  mkdirSync(models);
  writeFileSync(join(models, 'own.toml'), `schema = 1
plugin = "openai"
currency = "USD"
[[model]]
name = "m"
price = { input = 1.0, output = 2.0 }
`);
  place.configure(providerConfig(model.url, {
    provider: 'attempts_max = 2\nconcurrency_max = 1\nkey = { env = "CANARY_KEY" }\nconfig = { stream = false }',
    rest: `[models]\ncatalog_folders = ["${models}"]\n[breaker]\nfailures_max = 2\n${rest}`,
  }));
  const peer = new RawPeer(place, { ...place.environment, CANARY_KEY: key });
  await peer.initialize();
  const metrics = () => execFileSync(process.env.TOOLPOST, ['--state-dir', join(place.folder, 'state'), 'status', '--metrics'],
    { env: place.environment, encoding: 'utf8' });
  return { place, peer, metrics };
}

const counts = (text, line, value) => {
  const [name, labels] = line.split(/[{}]/);
  assert.match(text, new RegExp(`^toolpost_${name}\\{host="[^"]+"${labels ? `,${labels}` : ''}\\} ${value}$`, 'm'), `${line} ${value}`);
};

test('metrics: retries, breaker openings, tokens and cost are counted by provider and model', bounded, async (t) => {
  const model = await startModel(t, { fail: (prompt) => prompt === 'fail' && { status: 500 } });
  const { peer, metrics } = await start(t, model);
  await peer.call(1, 'chat', { prompt: 'hello' });
  await peer.call(2, 'chat', { prompt: 'fail' });
  const text = metrics();
  counts(text, 'retries_total{provider="upstream",model="m"}', 1);
  counts(text, 'breaker_openings_total{provider="upstream",model="m"}', 1);
  counts(text, 'attempts_total{outcome="ok"}', 1);
  counts(text, 'attempts_total{outcome="unavailable"}', 2);
  counts(text, 'tokens_total{provider="upstream",model="m",direction="output"}', 100);
  counts(text, 'cost_micros_total{provider="upstream",model="m",currency="USD"}', 1200);
  counts(text, 'effects_total{kind="provider",outcome="ok"}', 1);
  counts(text, 'effects_total{kind="thread.append",outcome="ok"}', 1);
});

test('metrics: what the sanitizer strips, refuses and masks is counted', bounded, async (t) => {
  const { peer, metrics } = await start(t, await startModel(t));
  const { result } = await peer.call(1, 'echo', { text: `the key is ${key}` });
  assert.doesNotMatch(JSON.stringify(result), new RegExp(key));
  await peer.call(2, 'echo', { text: 'a\u200bb' });
  await peer.call(3, 'echo', { wrong: 1 });
  peer.process.stdin.write(`{"jsonrpc":"2.0","id":4,"method":"ping","params":{"deep":${'['.repeat(500)}${']'.repeat(500)}}}\n`);
  await peer.call(5, 'version', {});
  const text = metrics();
  for (const action of ['stripped_invisible', 'refused_schema', 'refused_structure']) counts(text, `sanitizer_actions_total{action="${action}"}`, 1);
  assert.match(text, /^toolpost_sanitizer_actions_total\{host="[^"]+",action="masked_secret"\} [1-9]/m);
});

test('metrics: calls that wait, run and are cancelled', bounded, async (t) => {
  const model = await startModel(t, { hold: () => true });
  const { peer, metrics } = await start(t, model);
  for (const id of [1, 2]) peer.send({ id, method: 'tools/call', params: { name: 'chat', arguments: { prompt: `${id}` } } });
  await model.until(() => model.open === 1);
  await peer.call(3, 'version', {}); // so both have been taken
  let text = metrics();
  counts(text, 'calls_running', 2);
  counts(text, 'attempts_waiting{provider="upstream"}', 1);
  for (const requestId of [1, 2]) peer.send({ method: 'notifications/cancelled', params: { requestId } });
  await peer.call(4, 'version', {});
  text = metrics();
  counts(text, 'calls_running', 0);
  counts(text, 'calls_total{outcome="cancelled"}', 2);
  counts(text, 'call_duration_seconds_count{tool="chat",outcome="cancelled"}', 2);
});
