// A tool that asks a model, with a model server that behaves and one that refuses.
import assert from 'node:assert/strict';
import test from 'node:test';
import { answer, chats, prompt, startMock } from './model_server.mjs';
import { Place, bounded, sanitized } from './place.mjs';
import { environmentOf, memoryHolds, workersOf } from './processes.mjs';
import { providerConfig } from './provider_config.mjs';
import { RawPeer } from './raw_peer.mjs';

async function start(t, mock, options, environment) {
  const place = new Place(t).configure(providerConfig(mock.url, options));
  const peer = new RawPeer(place, environment);
  await peer.initialize();
  return { peer, place };
}

const attemptsOf = (result) => result._meta['toolpost/call'].attempts;

for (const [how, stream, provider] of [['streamed by default', true, ''], ['unstreamed', false, '[providers.upstream.config]\nstream = false']]) {
  test(`chat: the model's answer, ${how}`, bounded, async (t) => {
    const mock = await startMock(t);
    const { peer } = await start(t, mock, { provider });
    const { result } = await peer.call(1, 'chat', { prompt });
    assert.equal(result.isError ?? false, false);
    assert.equal(result.structuredContent.content, answer);
    assert.equal(attemptsOf(result), 1);
    assert.equal(chats(mock).length, 1);
    const { body } = chats(mock)[0];
    assert.equal(body.model, 'm');
    assert.equal(body.stream ?? false, stream);
    assert.equal(body.messages.at(-1).content, prompt);
  });
}

test('chat: a conversation goes on with its continuation_id', bounded, async (t) => {
  const mock = await startMock(t, (m) => m.onMessage(prompt, { content: answer }).onMessage('and at dusk?', { content: 'Red.' }));
  const { peer } = await start(t, mock);
  const first = (await peer.call(1, 'chat', { prompt })).result.structuredContent;
  const { continuation_id } = first.continuation_offer;
  const second = (await peer.call(2, 'chat', { prompt: 'and at dusk?', continuation_id })).result.structuredContent;
  assert.equal(second.content, 'Red.');
  const said = chats(mock)[1].body.messages.map((message) => message.content);
  assert.deepEqual(said.slice(1), [prompt, answer, 'and at dusk?']);
});

test('debug: the last step shows the expert the files and hands on the analysis', bounded, async (t) => {
  const analysis = { status: 'analysis_complete', summary: 'The sign is wrong.', hypotheses: [] };
  const mock = await startMock(t, (m) => m.onMessage(/.*/s, { content: JSON.stringify(analysis) }));
  const { peer, place } = await start(t, mock);
  const line = 'export const sum = (list) => list.reduce((a, b) => a - b, 0); // canary-of-the-file';
  const file = place.write('sum.js', `${line}\n`);
  const step = (id, rest) => peer.call(id, 'debug', { step: 'sum is negative', findings: 'it subtracts', total_steps: 2,
    step_number: id, next_step_required: true, relevant_files: [file], confidence: 'high', ...rest });

  const { continuation_id } = (await step(1)).result.structuredContent;
  assert.equal(chats(mock).length, 0);
  const { result } = await step(2, { continuation_id, next_step_required: false });
  assert.equal(chats(mock).length, 1);
  assert.ok(JSON.stringify(chats(mock)[0].body.messages).includes(JSON.stringify(line).slice(1, -1)));
  const expert = result.structuredContent.expert_analysis;
  assert.equal(expert.status, 'analysis_complete');
  assert.ok(JSON.stringify(expert).includes(analysis.summary));
});

for (const [what, error] of [
  ['429 with Retry-After', { status: 429, retryAfter: 1, error: { message: 'slow down', type: 'rate_limit_error' } }],
  ['500', { status: 500, error: { message: 'oops', type: 'server_error' } }],
]) {
  test(`chat: ${what} is tried again`, bounded, async (t) => {
    const mock = await startMock(t, (m) => m.on({ userMessage: prompt, sequenceIndex: 0 }, error)
      .on({ userMessage: prompt, sequenceIndex: 1 }, { content: answer }));
    const { peer } = await start(t, mock);
    const { result } = await peer.call(1, 'chat', { prompt });
    assert.equal(result.structuredContent.content, answer);
    assert.equal(attemptsOf(result), 2);
    const requests = chats(mock);
    assert.deepEqual(requests.map((entry) => entry.response.status), [error.status, 200]);
    if (error.retryAfter) assert.ok(requests[1].timestamp - requests[0].timestamp >= error.retryAfter * 1000);
  });
}

test('chat: a server that stays broken is given up after retry.attempts_max', bounded, async (t) => {
  const mock = await startMock(t, (m) => m.onMessage(prompt, { status: 500, error: { message: 'oops', type: 'server_error' } }));
  const { peer } = await start(t, mock);
  const { result } = await peer.call(1, 'chat', { prompt });
  assert.equal(result.isError, true);
  assert.match(result.content[0].text, /retry\.attempts_max = 4/);
  assert.match(result.content[0].text, /4 attempts/);
  assert.equal(chats(mock).length, 4);
});

test('chat: 401 is told at once', bounded, async (t) => {
  const mock = await startMock(t, (m) => m.onMessage(prompt, { status: 401, error: { message: 'bad key', type: 'invalid_request_error' } }));
  const { peer } = await start(t, mock);
  const { result } = await peer.call(1, 'chat', { prompt });
  assert.equal(result.isError, true);
  for (const part of [/upstream/, /401/, /check the key/, /1 attempt\b/]) assert.match(result.content[0].text, part);
  assert.equal(chats(mock).length, 1);
});

test('the key reaches the model server, and no worker, log or answer', bounded, async (t) => {
  const canary = 'sk-canary-7f3a9c5e';
  const prepare = (m) => m.onMessage(prompt, { content: answer }).onMessage('fail', { status: 401, error: { message: 'bad key' } });
  const mock = await startMock(t, prepare, { auth: { apiKeys: [canary] } }); // refuses every other key by itself
  const { peer } = await start(t, mock, { provider: 'key = { env = "CANARY_KEY" }', rest: '[log]\nlevel = "debug"' }, { CANARY_KEY: canary });
  assert.equal((await peer.call(1, 'chat', { prompt })).result.structuredContent.content, answer);
  assert.equal((await peer.call(2, 'chat', { prompt: 'fail' })).result.isError, true);
  await peer.call(3, 'status', {});
  const workers = workersOf(peer.process.pid);
  assert.ok(workers.length > 1);
  const readable = workers.map(environmentOf).filter((environment) => environment !== undefined);
  assert.deepEqual(readable, readable.map(() => ''));
  t.diagnostic(`${readable.length} of ${workers.length} environments could be read`);
  // Under AddressSanitizer a worker maps terabytes, which nobody can scan.
  if (!sanitized) {
    const searched = workers.map((pid) => memoryHolds(pid, canary)).filter((found) => found !== undefined);
    assert.deepEqual(searched, searched.map(() => false));
    t.diagnostic(`the memory of ${searched.length} of ${workers.length} workers could be searched`);
  }
  peer.close();
  await peer.closed;
  assert.ok(!peer.stderr.includes(canary));
  assert.ok(!JSON.stringify(peer.messages).includes(canary));
});
