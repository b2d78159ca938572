// The real host and each vendor's plugin against servers that speak the vendor's dialect: aimock for what OpenAI, Anthropic
// and Gemini defined, a scripted one for what Kimi and GLM add to OpenAI's.
import assert from 'node:assert/strict';
import test from 'node:test';
import { answer, prompt, startMock } from './model_server.mjs';
import { Place, bounded } from './place.mjs';
import { RawPeer } from './raw_peer.mjs';
import { delta, startVendor } from './vendor_server.mjs';

const key = 'sk-vendor-4c1f8a2b';

async function start(t, plugin, baseUrl, models = ['m']) {
  const place = new Place(t).configure(`
[providers.vendor]
plugin = "${plugin}"
base_url = "${baseUrl}"
key = { env = "VENDOR_KEY" }
models = ${JSON.stringify(models)}
`);
  const peer = new RawPeer(place, { VENDOR_KEY: key });
  await peer.initialize();
  peer.place = place;
  return peer;
}

const ask = async (peer, more = {}) => (await peer.call(1, 'chat', { prompt, use_websearch: false, ...more })).result;

for (const [plugin, path, header, bearer] of [
  ['openai', '/v1', 'authorization', 'Bearer '],
  ['kimi', '/v1', 'authorization', 'Bearer '],
  ['glm', '/api/paas/v4', 'authorization', 'Bearer '],
  ['anthropic', '/v1', 'x-api-key', ''],
  ['gemini', '/v1beta', 'x-goog-api-key', ''],
]) {
  test(`${plugin}: the answer of aimock in that dialect, streamed`, bounded, async (t) => {
    const mock = await startMock(t);
    const peer = await start(t, plugin, `${mock.url}${path}`);
    const { structuredContent, isError } = await ask(peer);
    assert.equal(isError ?? false, false);
    assert.equal(structuredContent.content, answer);
    assert.equal(structuredContent.metadata.provider_used, 'vendor');
    assert.ok(structuredContent.metadata.usage.output_tokens >= 0);
    const { path: asked, headers } = mock.getRequests()[0];
    assert.ok(asked.startsWith(`${path}/`), asked); // aimock itself takes any prefix for OpenAI's format
    if (headers[header] !== '[REDACTED]') assert.equal(headers[header], `${bearer}${key}`);
  });

  test(`${plugin}: an overloaded server is asked again`, bounded, async (t) => {
    const mock = await startMock(t, (m) => m.on({ userMessage: prompt, sequenceIndex: 0 }, { status: 503, error: { message: 'busy', type: 'overloaded_error' } })
      .on({ userMessage: prompt, sequenceIndex: 1 }, { content: answer }));
    const peer = await start(t, plugin, `${mock.url}${path}`);
    const result = await ask(peer);
    assert.equal(result.structuredContent.content, answer);
    assert.equal(result._meta['toolpost/call'].attempts, 2);
  });
}

test('kimi: the search goes back byte for byte, and is counted', bounded, async (t) => {
  const args = '{ "search_result": {"search_id":"a\\u0062c"},  "usage":{"total_tokens":13046} }';
  const call = (rest) => delta({ tool_calls: [{ index: 0, ...rest }] });
  const server = await startVendor(t, [
    [call({ id: 'call_1', type: 'builtin_function', function: { name: '$web_search', arguments: args.slice(0, 21) } }),
      call({ function: { arguments: args.slice(21) } }), delta({}, 'tool_calls', { usage: { prompt_tokens: 10, completion_tokens: 5 } }), '[DONE]'],
    [delta({ content: 'Rain.' }), delta({}, 'stop', { usage: { prompt_tokens: 90, completion_tokens: 2 } }), '[DONE]'],
  ]);
  const peer = await start(t, 'kimi', `${server.url}/v1`);
  const { structuredContent } = await ask(peer, { use_websearch: true });
  assert.equal(structuredContent.content, 'Rain.');
  assert.deepEqual(structuredContent.metadata.usage, { input_tokens: 100, output_tokens: 7, web_searches: 1 });
  assert.equal(server.requests.length, 2);
  const echo = server.requests[1].body.messages.at(-1);
  assert.deepEqual(echo, { role: 'tool', tool_call_id: 'call_1', name: '$web_search', content: args });
  assert.equal(server.requests[1].headers.authorization, `Bearer ${key}`);
});

test('glm: the search is asked for and counted, and a character cut in two is whole', bounded, async (t) => {
  const head = 'data: {"choices":[{"index":0,"delta":{"content":"';
  const rain = Buffer.from('雨');
  const found = { ...delta({}), web_search: [{ link: 'https://w.example', title: 'W', content: 'It rains.' }] };
  const server = await startVendor(t, [[
    found,
    Buffer.concat([Buffer.from(head), rain.subarray(0, 2), Buffer.from('"}}]}\n\n')]),
    Buffer.concat([Buffer.from(head), rain.subarray(2), Buffer.from('!"}}]}\n\n')]),
    delta({}, 'stop'), { model: 'm', choices: [], usage: { prompt_tokens: 3, completion_tokens: 1 } }, '[DONE]']]);
  const peer = await start(t, 'glm', `${server.url}/api/paas/v4`);
  const { structuredContent } = await ask(peer, { use_websearch: true, thinking_mode: 'high' });
  assert.equal(structuredContent.content, '雨!');
  assert.equal(structuredContent.metadata.usage.web_searches, 1);
  assert.deepEqual(structuredContent.metadata.citations, [{ url: 'https://w.example', title: 'W', text: 'It rains.' }]);
  const { path, body } = server.requests[0];
  assert.equal(path, '/api/paas/v4/chat/completions');
  assert.equal(body.tools[0].type, 'web_search');
  assert.deepEqual(body.thinking, { type: 'enabled' });
});

test('auto: the bundled catalogue tells a fast model from a thorough one, and the log says why', bounded, async (t) => {
  const mock = await startMock(t);
  const peer = await start(t, 'glm', `${mock.url}/v1`, ['glm-4.6', 'glm-4.5-flash']);
  assert.equal((await ask(peer)).structuredContent.content, answer);
  assert.equal(mock.getRequests()[0].body.model, 'glm-4.5-flash');
  peer.close();
  await peer.closed;
  assert.match(peer.stderr, /model_chosen.*vendor\/glm-4\.5-flash.*fast, for chat/);
});

test('images: a file beneath the roots is shown to a model that sees; one that does not refuses before anything is sent', bounded, async (t) => {
  const mock = await startMock(t);
  const peer = await start(t, 'openai', `${mock.url}/v1`, ['gpt-5-mini', 'deepseek-chat']);
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const path = peer.place.write('a.png', Buffer.from(png, 'base64'));
  const { structuredContent } = await ask(peer, { images: [path, '/etc/passwd'], model: 'gpt-5-mini' });
  assert.equal(structuredContent.content, answer);
  assert.deepEqual(structuredContent.metadata.images_left_out.map((one) => one.path), ['/etc/passwd']);
  const sent = mock.getRequests()[0].body.messages.at(-1).content;
  assert.deepEqual(sent.map((part) => part.image_url?.url ?? part.text), [prompt, `data:image/png;base64,${png}`]);
  const refused = await ask(peer, { images: [path], model: 'deepseek-chat' });
  assert.equal(refused.isError, true);
  assert.match(refused.content[0].text, /deepseek-chat has no images, which this call needs; try auto/);
  assert.equal(mock.getRequests().length, 1);
});
