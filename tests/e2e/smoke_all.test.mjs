// Every tool of the profile `full` with the sample of its manifest, and every provider: `toolpost smoke --all`, and the
// same calls from the official client. aimock speaks as OpenAI, Anthropic and Google do; Kimi and GLM, which add to
// OpenAI's format, are a scripted server.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { answer, refusedUrl, startMock } from './model_server.mjs';
import { Place } from './place.mjs';
import { diagnostics, standard, vendorTools } from './tool_names.mjs';
import { delta, startVendor } from './vendor_server.mjs';

const everyTool = [...standard, ...vendorTools, ...diagnostics, 'echo'].sort();
const usage = { prompt_tokens: 30, completion_tokens: 9 }; // each dialect in its own words
const patient = { timeout: 120_000 };
const opinion = JSON.stringify({ status: 'opinion', position: 'support', confidence: 8, verdict: 'Yes.', analysis: 'Because.', key_takeaways: ['one'] });
const intent = JSON.stringify({ needs_websearch: true, complexity: 'simple', domain: 'databases', recommended_provider: 'kimi-one',
  recommended_model: 'kimi-m', streaming_preferred: false });

/** What Moonshot and Zhipu answer at each of their addresses. */
function vendor({ method, path, body }) {
  if (path.endsWith('/web_search')) return { json: { search_result: [{ title: 'W', link: 'https://w.example', content: 'SQLite.' }] } };
  if (/\/files\/[^/]+\/content$/.test(path)) return { json: { content: 'It says hello.', file_type: 'text/plain' } };
  if (method === 'DELETE') return { json: { deleted: true } };
  if (path.endsWith('/files')) return { json: { id: 'file-1' } };
  const words = JSON.stringify(body.messages);
  const text = /recommended_model/.test(words) ? intent : /several experts/.test(words) ? opinion : 'Hello.';
  return [delta({ content: text }), delta({}, 'stop', { usage: { prompt_tokens: 30, completion_tokens: 3 } }), '[DONE]'];
}

async function configured(t, more = '') {
  const mock = await startMock(t, (m) => m.onMessage(/PROPOSAL/, { content: opinion }).onMessage(/.*/s, { content: answer, usage }));
  const server = await startVendor(t, vendor);
  const one = (name, plugin, url, model) => `
[providers.${name}]
plugin = "${plugin}"
base_url = "${url}"
key = { env = "SMOKE_KEY" }
models = ["${model}"]
`;
  const place = new Place(t).configure(one('openai-one', 'openai', `${mock.url}/v1`, 'o-m') + one('anthropic-one', 'anthropic', `${mock.url}/v1`, 'a-m')
    + one('gemini-one', 'gemini', `${mock.url}/v1beta`, 'g-m') + one('kimi-one', 'kimi', `${server.url}/v1`, 'kimi-m')
    + one('glm-one', 'glm', `${server.url}/api/paas/v4`, 'glm-m') + more);
  return { place, server };
}

const chatLines = ['openai-one', 'anthropic-one', 'gemini-one', 'kimi-one', 'glm-one'].map((name) => `chat with ${name}`);

/** Not execFileSync: the model servers live in this process. */
async function smoke(place, ...args) {
  const options = { env: { ...place.environment, SMOKE_KEY: 'sk-smoke' }, cwd: place.project };
  const ended = await promisify(execFile)(process.env.TOOLPOST, [...place.args.slice(0, -1), 'smoke', ...args], options).catch((error) => error);
  return { status: ended.code ?? 0, out: ended.stdout };
}

test('smoke --all: every tool and every provider answers, each with its time, turns, attempts and tokens', patient, async (t) => {
  const { place, server } = await configured(t);
  const { status, out } = await smoke(place, '--all', '--json');
  const { good, tools } = JSON.parse(out);
  assert.deepEqual(tools.filter((row) => row.status !== 'ok'), []);
  assert.deepEqual(tools.map((row) => row.tool).sort(), [...everyTool, ...chatLines].sort());
  assert.equal(good, true);
  assert.equal(status, 0);
  for (const row of tools) {
    assert.ok(row.called && row.ms > 0 && row.ms < 60_000 && row.turns >= 1, row.tool);
    if (row.tool.startsWith('chat with')) assert.ok(row.attempts === 1 && row.tokens > 0, row.tool);
  }
  // The conversations were nobody's.
  const threads = execFileSync(process.env.TOOLPOST, [...place.args.slice(0, -1), 'threads', 'list', '--json'], { env: place.environment });
  assert.deepEqual(JSON.parse(threads).threads, []);
  // The uploads carried the sample's file, which is gone now.
  const uploads = server.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/files'));
  assert.equal(uploads.length, 3);
  for (const { bytes } of uploads) assert.match(bytes.toString(), /filename="hello\.txt"[^]*It says hello\./);
});

test('smoke: without --all no provider has a line; a tool that is switched off has none', patient, async (t) => {
  const { place } = await configured(t, '\n[tools]\nprofile = "lean"\ndisable = ["tracer"]\n');
  const { status, out } = await smoke(place, '--json');
  assert.equal(status, 0);
  const names = JSON.parse(out).tools.map((row) => row.tool);
  assert.deepEqual(names.sort(), everyTool.filter((name) => name !== 'tracer'));
});

test('smoke --all: a provider that is down fails its line alone, and the status tells', patient, async (t) => {
  const { place } = await configured(t, `\n[providers.down]\nbase_url = "${await refusedUrl()}/v1"\nmodels = ["down-m"]\n[retry]\nattempts_max = 1\n`);
  const { status, out } = await smoke(place, '--all');
  assert.equal(status, 1);
  const line = (name) => out.split('\n').find((one) => one.startsWith(name));
  assert.match(line('chat with down'), /failed: unavailable: down \(down-m\)/);
  assert.match(line('chat with openai-one'), /ok$/);
});

test('the official client calls every tool with the sample of its manifest', patient, async (t) => {
  const { place } = await configured(t, '\n[tools]\nprofile = "full"\n');
  const folder = join(dirname(process.env.TOOLPOST), '../lib/toolpost/plugins');
  const samples = {};
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.so'))) {
    const manifest = JSON.parse(execFileSync(process.env.TOOLPOST, ['inspect', '--json', join(folder, file)], { env: place.environment }));
    for (const { name, sample } of manifest.methods) if (sample !== null) samples[name] = JSON.stringify(sample);
  }
  const file = place.write('hello.txt', 'It says hello.\n');
  const client = new Client({ name: 'toolpost-e2e', version: '1.0.0' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  place.onEnd(() => client.close());
  await client.connect(new StdioClientTransport({ ...place.stdio, env: { ...place.environment, SMOKE_KEY: 'sk-smoke' } }));
  assert.deepEqual((await client.listTools()).tools.map(({ name }) => name).sort(), everyTool);
  for (const name of everyTool) {
    const result = await client.callTool({ name, arguments: JSON.parse(samples[name].replaceAll('${SAMPLE_FILE}', file)) });
    assert.equal(result.isError ?? false, false, `${name}: ${JSON.stringify(result.content).slice(0, 300)}`);
  }
});
