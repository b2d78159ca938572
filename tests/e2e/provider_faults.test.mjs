// Model servers that break off, stall or answer nonsense: the caller is told what happened and which setting it was.
import assert from 'node:assert/strict';
import test from 'node:test';
import { piece, prompt, refusedUrl, startBare, streamHeader } from './model_server.mjs';
import { Place, bounded } from './place.mjs';
import { providerConfig } from './provider_config.mjs';
import { RawPeer } from './raw_peer.mjs';

async function chat(t, url, options) {
  const peer = new RawPeer(new Place(t).configure(providerConfig(url, options)));
  await peer.initialize();
  const { result } = await peer.call(1, 'chat', { prompt });
  return { ...result, text: result.content[0].text, attempts: result._meta['toolpost/call'].attempts };
}

function assertFailed(result, attempts, ...parts) {
  assert.equal(result.isError, true);
  assert.equal(result.attempts, attempts);
  const counted = new RegExp(`\\b${attempts} attempts?\\b`);
  for (const part of [/upstream \(m\)/, counted, ...parts]) assert.match(result.text, part);
}

const whole = (body, type = 'application/json') => (socket) =>
  socket.end(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);

test('chat: a port that refuses', bounded, async (t) => {
  const url = await refusedUrl();
  assertFailed(await chat(t, url), 4, /retry\.attempts_max = 4/, new RegExp(new URL(url).port));
});

test('chat: a provider may have its own number of attempts', bounded, async (t) => {
  assertFailed(await chat(t, await refusedUrl(), { provider: 'attempts_max = 1' }), 1, /providers\.upstream\.attempts_max = 1/);
});

test('chat: a server that accepts and stays silent', bounded, async (t) => {
  const server = await startBare(t, () => {});
  assertFailed(await chat(t, server.url, { rest: '[http]\nfirst_byte_ms = 100' }), 4, /http\.first_byte_ms = 100/);
  assert.equal(server.requests, 4);
});

test('chat: a silent server against the ceiling of one attempt', bounded, async (t) => {
  const server = await startBare(t, () => {});
  const result = await chat(t, server.url, { provider: 'attempts_max = 2', rest: '[ceilings]\nprovider_ms = 100' });
  assertFailed(result, 2, /ceilings\.provider_ms = 100/, /providers\.upstream\.attempts_max = 2/);
  assert.equal(server.requests, 2);
});

const cutStreams = {
  stalls: (socket) => socket.write(streamHeader + piece('Blue ') + piece('is')),
  'breaks off': (socket) => socket.end(streamHeader + piece('Blue ') + piece('is')),
  'is reset': (socket) => socket.write(streamHeader + piece('Blue ') + piece('is'), () => setImmediate(() => socket.resetAndDestroy())),
};
for (const [how, respond] of Object.entries(cutStreams)) {
  test(`chat: a stream that ${how} leaves what came, marked as truncated`, bounded, async (t) => {
    const server = await startBare(t, respond);
    const result = await chat(t, server.url, { rest: '[http]\nstream_idle_ms = 100' });
    assert.equal(result.isError ?? false, false, result.text);
    assert.equal(result.structuredContent.content, 'Blue is');
    assert.equal(result.structuredContent.metadata.truncated, true);
    assert.equal(server.requests, 1); // content was delivered, so the request is not repeated
  });
}

test('chat: a stream that stalls before any content is tried again', bounded, async (t) => {
  let first = true;
  const server = await startBare(t, (socket) => {
    if (!first) return socket.end(`${streamHeader}${piece('Blue.')}data: [DONE]\n\n`);
    first = false;
    return socket.write(`${streamHeader}: keep-alive\n\n`);
  });
  const result = await chat(t, server.url, { rest: '[http]\nstream_idle_ms = 100' });
  assert.equal(result.structuredContent.content, 'Blue.');
  assert.equal(server.requests, 2);
});

test('chat: a stream that never brings content', bounded, async (t) => {
  const server = await startBare(t, (socket) => socket.write(`${streamHeader}: keep-alive\n\n`));
  const result = await chat(t, server.url, { provider: 'attempts_max = 2', rest: '[http]\nstream_idle_ms = 100' });
  assertFailed(result, 2, /http\.stream_idle_ms = 100/);
});

test('chat: a stream event that is not JSON', bounded, async (t) => {
  const server = await startBare(t, whole('data: {"choices": [oops\n\ndata: [DONE]\n\n', 'text/event-stream'));
  const result = await chat(t, server.url);
  assertFailed(result, server.requests, /not JSON/);
});

for (const [what, provider] of [['a stream', ''], ['an answer', '[providers.upstream.config]\nstream = false']]) {
  test(`chat: a body that is not JSON where ${what} was asked for`, bounded, async (t) => {
    const server = await startBare(t, whole('<html>It works!</html>', 'text/html'));
    const result = await chat(t, server.url, { provider });
    assertFailed(result, server.requests, /200/, /JSON|text\/html|without an answer/);
  });
}
