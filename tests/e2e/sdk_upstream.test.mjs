// What the user of either official SDK sees of a model server that works, fails, stalls or talks nonsense. The provider's
// plugin is `openai`, aimock is the model server. The wire's own cases are in provider_faults.test.mjs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { answer, chats, prompt, refusedUrl, startMock } from './model_server.mjs';
import { Place, bounded, sanitized } from './place.mjs';
import { providerConfig } from './provider_config.mjs';
import { clients, connect } from './sdk_clients.mjs';

const unstreamed = '[providers.upstream.config]\nstream = false';
const tooFast = (retryAfter) => ({ status: 429, retryAfter, error: { message: 'slow down', type: 'rate_limit_error' } });
const oops = { status: 500, error: { message: 'oops', type: 'server_error' } };

const always = (response, options) => (mock) => mock.onMessage(prompt, response, options);
const first = (response) => (mock) => mock.on({ userMessage: prompt, sequenceIndex: 0 }, response)
  .on({ userMessage: prompt, sequenceIndex: 1 }, { content: answer });

/**
 * Streams so many pieces, of which the first is empty, then nothing until it hangs up after 3 s: 30 times what is allowed.
 * aimock waits those 3 s whoever is gone, so the tests with it come early, or the file would wait for them at its end.
 */
const stalling = (pieces) => always({ content: answer }, { disconnectAfterMs: 3_000,
  recordedTimings: { ttftMs: 0, interChunkDelaysMs: [...Array(pieces - 1).fill(0), 60_000], totalDurationMs: 60_000 } });

// Reads the request and then does nothing; aimock lets go of it when the other side hangs up.
const silent = always({ content: answer }, { chaos: { latencyMs: 20_000 } });

/** How often aimock was asked; unlike its journal this counts requests that it has not answered. */
const asked = (mock) => mock.journal.getFixtureMatchCount(mock.getFixtures()[0]);

async function chat(t, client, url, options) {
  const call = await connect(client, new Place(t).configure(providerConfig(url, options)));
  return call('chat', { prompt });
}

function assertAnswered(result, content, attempts) {
  assert.equal(result.isError ?? false, false, result.content[0].text);
  assert.equal(result.structuredContent.content, content);
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent); // for clients that read only this
  assert.equal(result._meta['toolpost/error'], undefined);
  assert.equal(result._meta['toolpost/call'].attempts, attempts);
}

function assertFailed(result, code, attempts, ...parts) {
  assert.equal(result.isError, true);
  assert.equal(result.structuredContent, undefined);
  assert.equal(result._meta['toolpost/error'].code, code);
  assert.equal(result._meta['toolpost/call'].attempts, attempts);
  assert.equal(result.content.length, 1);
  for (const part of [new RegExp(`^${code}: upstream \\(m\\): `), ...parts]) assert.match(result.content[0].text, part);
}

const answered = [
  ['an answer in one piece', { prepare: always({ content: answer }), options: { provider: unstreamed }, statuses: [200] }],
  ['a streamed answer', { prepare: always({ content: answer }), statuses: [200] }],
  ['429 with Retry-After, then an answer', { prepare: first(tooFast(1)), statuses: [429, 200], apart: 1000 }],
  ['500, then an answer', { prepare: first(oops), statuses: [500, 200] }],
];

const two = 'attempts_max = 2';
const firstByte = '[http]\nfirst_byte_ms = 100';
const streamIdle = '[http]\nstream_idle_ms = 100';
const attempt = sanitized ? 2_000 : 300; // ms; the start of the provider's worker is within the first one
const nonsense = always({ content: answer }, { chaos: { malformedRate: 1 } }); // what begins like an object, with status 200
const failed = [
  ['a stream that stalls before any content', { prepare: stalling(1), options: { provider: two, rest: streamIdle }, code: 'deadline',
    attempts: 2, says: [/http\.stream_idle_ms = 100/, /providers\.upstream\.attempts_max = 2/] }],
  ['429 with a Retry-After past the deadline', { prepare: always(tooFast(3600)), code: 'rate_limited', attempts: 1,
    retryAfter: 3_600_000, says: [/slow down/, /wait 3600000 ms/, /ceilings\.tool_ms = 45000/] }],
  ['500 again and again', { prepare: always(oops), code: 'unavailable', attempts: 4, says: [/HTTP 500/, /retry\.attempts_max = 4/] }],
  ['silence against the limit of the first byte', { prepare: silent, options: { provider: two, rest: firstByte }, code: 'deadline',
    attempts: 2, says: [/http\.first_byte_ms = 100/, /providers\.upstream\.attempts_max = 2/] }],
  ['silence against the ceiling of one attempt', { prepare: silent, options: { provider: two, rest: `[ceilings]\nprovider_ms = ${attempt}` },
    code: 'deadline', attempts: 2, says: [new RegExp(`ceilings\\.provider_ms = ${attempt}\\b`), /providers\.upstream\.attempts_max = 2/] }],
  ['JSON that is none, where a stream was asked for', { prepare: nonsense, options: { provider: two }, code: 'bad_upstream',
    attempts: 2, says: [/HTTP 200/, /not JSON/, /attempts_max = 2/] }],
  ['JSON that is none, where one answer was asked for', { prepare: nonsense, options: { provider: `${two}\n${unstreamed}` },
    code: 'bad_upstream', attempts: 2, says: [/HTTP 200/, /not JSON/, /attempts_max = 2/] }],
];

for (const client of clients) {
  for (const [what, { prepare, options, statuses, apart = 0 }] of answered) {
    test(`${client} client: ${what}`, bounded, async (t) => {
      const mock = await startMock(t, prepare);
      assertAnswered(await chat(t, client, mock.url, options), answer, statuses.length);
      const requests = chats(mock);
      assert.deepEqual(requests.map((entry) => entry.response.status), statuses);
      const stream = options?.provider !== unstreamed;
      for (const { body } of requests) assert.equal(body.stream ?? false, stream);
      assert.ok(requests.at(-1).timestamp - requests[0].timestamp >= apart);
    });
  }

  test(`${client} client: a stream that stalls leaves what came`, bounded, async (t) => {
    const mock = await startMock(t, stalling(3));
    const result = await chat(t, client, mock.url, { rest: streamIdle });
    assertAnswered(result, answer.slice(0, 16), 1); // two pieces of 8 characters
    assert.equal(result.structuredContent.metadata.truncated, true);
    assert.equal(asked(mock), 1); // content was delivered, so the request is not repeated
  });

  for (const [what, { prepare, options, code, attempts, says, retryAfter }] of failed) {
    test(`${client} client: ${what}`, bounded, async (t) => {
      const mock = await startMock(t, prepare);
      const result = await chat(t, client, mock.url, options);
      assertFailed(result, code, attempts, ...says);
      const { retry_after_ms: wait } = result._meta['toolpost/error'];
      if (retryAfter) assert.ok(wait > retryAfter - 60_000 && wait <= retryAfter, `retry_after_ms: ${wait}`);
      assert.equal(asked(mock), attempts);
    });
  }

  test(`${client} client: a port that refuses`, bounded, async (t) => {
    const url = await refusedUrl(); // nobody listens, so nobody counts: the attempts are the host's own
    const result = await chat(t, client, url, { provider: two });
    assertFailed(result, 'unavailable', 2, /providers\.upstream\.attempts_max = 2/, new RegExp(new URL(url).port));
  });
}
