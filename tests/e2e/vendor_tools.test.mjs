// The predecessor's tools of one vendor through the real host and the real provider plugins, against a server that
// speaks the vendor's formats; and the list of one's own calls.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { Place, bounded, sanitized } from './place.mjs';
import { RawPeer } from './raw_peer.mjs';
import { vendorTools } from './tool_names.mjs';
import { delta, startVendor } from './vendor_server.mjs';

const key = 'sk-vendor-tools-77aa01';
const said = (text, usage = { prompt_tokens: 300, completion_tokens: 3, cached_tokens: 256 }) =>
  [delta({ content: text }), delta({}, 'stop', { usage }), '[DONE]'];

const provider = (plugin, url, models) => `
[providers.my-${plugin}]
plugin = "${plugin}"
base_url = "${url}"
key = { env = "VENDOR_KEY" }
models = ${JSON.stringify(models)}
config = { headers = { x-team = "not-for-agents" } }
`;

async function start(t, toml) {
  const place = new Place(t).configure(toml);
  const peer = new RawPeer(place, { VENDOR_KEY: key });
  await peer.initialize();
  let id = 0;
  return { place, peer, run: async (tool, args) => (await peer.call(++id, tool, args)).result };
}

/** Moonshot's file store: each upload gets an id, its text is the bytes of the upload in capitals. */
function fileStore() {
  const texts = {};
  return ({ method, path, bytes }) => {
    if (method === 'POST' && path.endsWith('/files')) {
      const id = `file-${Object.keys(texts).length + 1}`;
      texts[id] = /\r\n\r\n([^]*)\r\n--toolpost-form/.exec(bytes.toString().split('name="file"')[1])[1].toUpperCase();
      return { json: { id } };
    }
    const id = /\/files\/([^/]+)/.exec(path)?.[1];
    if (method === 'GET' && id) return { json: { content: texts[id], file_type: 'text/plain' } };
    if (method === 'DELETE') return { json: { deleted: true } };
    return undefined;
  };
}

test('kimi_upload_and_extract: Kimi reads what the roots let it read, and keeps it', bounded, async (t) => {
  const server = await startVendor(t, fileStore());
  const { place, run } = await start(t, provider('kimi', `${server.url}/v1`, ['m']));
  const outside = join(place.folder, 'outside.txt');
  writeFileSync(outside, 'not yours');
  const files = [place.write('a.txt', 'alpha'), outside, place.write('.env', 'KEY=1'), place.write('b.csv', 'x,y')];
  const { structuredContent } = await run('kimi_upload_and_extract', { files });
  assert.deepEqual(structuredContent.messages.map(({ role, content }) => [role, content]), [['system', 'ALPHA'], ['system', 'X,Y']]);
  assert.deepEqual(structuredContent.metadata.files_left_out.map(({ path }) => path), [outside, files[2]]);
  for (const { _file_id } of structuredContent.messages) assert.match(_file_id, /^file-\d$/);
  assert.ok(server.requests.every(({ method }) => method !== 'DELETE'));
  const sent = server.requests.map(({ bytes }) => bytes.toString()).join();
  assert.doesNotMatch(sent, /not yours|KEY=1/);
  const alone = await run('kimi_upload_and_extract', { files: [outside] });
  assert.equal(alone.isError, true);
  assert.equal(alone._meta['toolpost/error'].code, 'permission');
});

test('kimi_upload_and_extract: a file of several megabytes arrives whole once the operator allows it', { timeout: 120_000 }, async (t) => {
  const server = await startVendor(t, ({ method, path }) => method === 'POST' ? { json: { id: 'file-1' } } : { json: { content: `read ${path}` } });
  const { place, run } = await start(t, `${provider('kimi', `${server.url}/v1`, ['m'])}\n[files]\nfile_bytes_max = 8_000_000`);
  const size = sanitized ? 2_200_001 : 5_000_001; // above what files.file_bytes_max is by itself
  const bytes = Buffer.alloc(size, 'ü€x');
  bytes[size - 500_000] = 0xff;
  const path = join(place.project, 'large.bin');
  writeFileSync(path, bytes);
  const { structuredContent } = await run('kimi_upload_and_extract', { files: [path] });
  assert.equal(structuredContent.status, 'success');
  assert.ok(server.requests[0].bytes.includes(bytes));
});

test('kimi_multi_file_chat: the texts go to the model, and the files go away again', bounded, async (t) => {
  const store = fileStore();
  const server = await startVendor(t, (request) => store(request) ?? said('A letter.'));
  const { place, run } = await start(t, provider('kimi', `${server.url}/v1`, ['m']));
  const { structuredContent } = await run('kimi_multi_file_chat', { files: [place.write('a.txt', 'alpha')], prompt: 'What is it?' });
  assert.equal(structuredContent.content, 'A letter.');
  assert.equal(structuredContent.metadata.usage.cached_input_tokens, 256);
  const { messages } = server.requests.at(-1).body;
  assert.match(messages[1].content, /BEGIN FILE: .*a\.txt ---\nALPHA\n/);
  assert.deepEqual(messages.at(-1), { role: 'user', content: 'What is it?' });
  assert.equal(server.requests.filter(({ method }) => method === 'DELETE').length, 1);
});

test('kimi_chat_with_tools: the caller runs the functions, and the talk goes on', bounded, async (t) => {
  const call = { index: 0, id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"place":"Ulm"}' } };
  const server = await startVendor(t, [[delta({ tool_calls: [call] }), delta({}, 'tool_calls'), '[DONE]'], said('It rains.')]);
  const { run } = await start(t, provider('kimi', `${server.url}/v1`, ['m']));
  const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }];
  const first = (await run('kimi_chat_with_tools', { messages: 'Weather in Ulm?', tools })).structuredContent;
  assert.equal(first.status, 'tool_call_pending');
  assert.deepEqual(first.tool_calls[0].function, call.function);
  const messages = [{ role: 'user', content: 'Weather in Ulm?' }, first.message, { role: 'tool', tool_call_id: 'c1', content: 'rain' }];
  const last = (await run('kimi_chat_with_tools', { messages, tools })).structuredContent;
  assert.equal(last.status, 'success');
  assert.equal(last.content, 'It rains.');
  assert.deepEqual(server.requests[1].body.messages.map(({ role }) => role), ['user', 'assistant', 'tool']);
  assert.deepEqual(server.requests[1].body.messages[1].tool_calls[0].function, call.function);
  assert.deepEqual(server.requests[1].body.tools, server.requests[0].body.tools);
});

test('kimi_capture_headers: what was sent and what was cached, and no key', bounded, async (t) => {
  const server = await startVendor(t, () => said('Hi.'));
  const { run } = await start(t, provider('kimi', `${server.url}/v1`, ['m']));
  const result = await run('kimi_capture_headers', { messages: [{ role: 'user', content: 'Hello' }], session_id: 's1' });
  const { request, cache } = result.structuredContent;
  assert.equal(request.prompt_cache_key, 'session/s1/kimi_capture_headers');
  assert.equal(server.requests.length, 1); // the preview asks nobody
  assert.equal(server.requests[0].body.prompt_cache_key, request.prompt_cache_key);
  assert.equal(server.requests[0].headers.authorization, `Bearer ${key}`);
  assert.deepEqual(request.configured_headers, ['x-team']);
  assert.deepEqual(cache, { hit: true, input_tokens: 300, cached_input_tokens: 256, cached_percent: 85, key: request.prompt_cache_key });
  assert.doesNotMatch(JSON.stringify(result), new RegExp(`${key}|not-for-agents`));
});

test('kimi_intent_analysis: recommends what is configured', bounded, async (t) => {
  const hints = { needs_websearch: true, complexity: 'simple', domain: 'weather', recommended_provider: 'my-kimi', recommended_model: 'm', streaming_preferred: false };
  const server = await startVendor(t, () => said(JSON.stringify(hints)));
  const { run } = await start(t, provider('kimi', `${server.url}/v1`, ['m', 'n']));
  const { structuredContent } = await run('kimi_intent_analysis', { prompt: 'Does it rain in Ulm?' });
  const { status, metadata, ...rest } = structuredContent;
  assert.equal(status, 'success');
  assert.deepEqual(rest, hints);
  assert.match(server.requests[0].body.messages[0].content, /- my-kimi: m\n- my-kimi: n\n/);
});

test('glm_web_search, glm_upload_file, glm_payload_preview: in GLM\'s words, and a preview that sends nothing', bounded, async (t) => {
  const page = { title: 'W', link: 'https://w.example', content: 'It rains.', publish_date: '2026-01-02' };
  const server = await startVendor(t, ({ path }) => path.endsWith('/web_search') ? { json: { search_result: [{ ...page, icon: 'i' }] } } : { json: { id: 'g1' } });
  const { place, run } = await start(t, provider('glm', `${server.url}/api/paas/v4`, ['glm-4.6']));
  const preview = await run('glm_payload_preview', { prompt: 'Hello', system_prompt: 'Be brief.', use_websearch: true });
  assert.equal(preview.structuredContent.payload.model, 'glm-4.6');
  assert.deepEqual(preview.structuredContent.payload.messages.map(({ content }) => content), ['Be brief.', 'Hello']);
  assert.equal(preview.structuredContent.payload.tools[0].type, 'web_search');
  assert.equal(server.requests.length, 0);
  const found = await run('glm_web_search', { search_query: 'ulm', count: 99, search_recency_filter: 'oneWeek', search_engine: 'search-std', user_id: 'u1' });
  assert.deepEqual(found.structuredContent.search_result, [page]);
  assert.deepEqual(server.requests[0].body, { search_query: 'ulm', count: 50, search_recency_filter: 'oneWeek', search_engine: 'search-std', user_id: 'u1' });
  const sent = await run('glm_upload_file', { file: place.write('a.txt', 'alpha') });
  assert.equal(sent.structuredContent.file_id, 'g1');
  assert.equal(sent.structuredContent.filename, 'a.txt');
  assert.match(server.requests[1].bytes.toString(), /name="purpose"\r\n\r\nagent\r\n[^]*filename="a\.txt"[^]*alpha/);
  assert.equal(server.requests[1].headers.authorization, `Bearer ${key}`);
});

test('tools of a vendor: without its provider each says what is missing, and sends nothing', bounded, async (t) => {
  const server = await startVendor(t, () => said('Hi.'));
  const { place, run } = await start(t, provider('openai', `${server.url}/v1`, ['m']));
  const files = [place.write('a.txt', 'alpha')];
  const messages = [{ role: 'user', content: 'Hello' }];
  const calls = { kimi_upload_and_extract: { files }, kimi_multi_file_chat: { files, prompt: 'p' }, kimi_intent_analysis: { prompt: 'p' },
    kimi_chat_with_tools: { messages }, glm_upload_file: { file: files[0] }, glm_web_search: { search_query: 'q' }, glm_payload_preview: { prompt: 'p' } };
  for (const [tool, args] of Object.entries(calls)) {
    const result = await run(tool, args);
    assert.equal(result._meta['toolpost/error'].code, 'unsupported', tool);
    assert.match(result.content[0].text, new RegExp(`${tool} asks .*\\[providers\\.${tool.slice(0, tool.indexOf('_'))}\\]\\nplugin = `, 's'), tool);
  }
  const skipped = (await run('kimi_capture_headers', { messages })).structuredContent;
  assert.equal(skipped.status, 'skipped');
  assert.match(skipped.reason, /\[providers\.kimi\]/);
  assert.deepEqual(Object.keys(calls).concat('kimi_capture_headers').sort(), vendorTools.filter((name) => name !== 'toolcall_log_tail'));
  assert.equal(server.requests.length, 0);
});

test('toolcall_log_tail: the calls of this connection, also over a reload, and nothing of what was asked', bounded, async (t) => {
  const { peer, run } = await start(t, '[log]\nlevel = "info"');
  assert.equal((await run('toolcall_log_tail', {})).structuredContent.count, 0);
  await run('challenge', { prompt: 'canary-prompt' });
  await run('challenge', { prompt: 7 });
  const reloaded = new Promise((resolve) => {
    peer.process.stderr.on('data', () => { if (peer.stderr.includes('config_reloaded')) resolve(); });
  });
  peer.process.kill('SIGHUP');
  await reloaded;
  const result = await run('toolcall_log_tail', { n: 2 });
  const { status, events } = result.structuredContent;
  assert.equal(status, 'ok');
  assert.deepEqual(events.map(({ tool, outcome }) => [tool, outcome]), [['challenge', 'ok'], ['challenge', 'invalid_input']]);
  assert.doesNotMatch(JSON.stringify(result), /canary/);
});
