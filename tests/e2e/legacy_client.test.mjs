// An SDK of the 2025 revisions, as most clients still carry it, against the real binary.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { Place, bounded } from './place.mjs';
import { standard } from './tool_names.mjs';

async function connect(t, place = new Place(t)) {
  const client = new Client({ name: 'legacy', version: '1' });
  place.onEnd(() => client.close());
  await client.connect(new StdioClientTransport(place.stdio));
  return client;
}

const call = (client, name, args) => client.callTool({ name, arguments: args });

test('legacy client: initialize names the server', bounded, async (t) => {
  const client = await connect(t);
  assert.equal(client.getServerVersion().name, 'toolpost');
  assert.ok(client.getServerCapabilities().tools);
});

test('legacy client: tools/list has every tool, each with a schema', bounded, async (t) => {
  const { tools } = await (await connect(t)).listTools();
  assert.deepEqual(tools.map((tool) => tool.name).sort(), standard);
  for (const tool of tools) assert.equal(tool.inputSchema.type, 'object', tool.name);
});

test('legacy client: echo gives back what it got', bounded, async (t) => {
  const input = { text: 'grüße "quoted" \\ \n\t \u{1F600}' };
  const result = await call(await connect(t), 'echo', input);
  assert.deepEqual(result.structuredContent, input);
  assert.deepEqual(JSON.parse(result.content[0].text), input);
});

test('legacy client: invisible and control characters never reach a tool', bounded, async (t) => {
  const result = await call(await connect(t), 'echo', { text: 'a\u0001b\u200bc\u202ed' });
  assert.deepEqual(result.structuredContent, { text: 'abcd' });
});

test('legacy client: invalid arguments are a tool error that names the field', bounded, async (t) => {
  const client = await connect(t);
  await client.listTools(); // so that the SDK checks the answers against the tools' output schemas
  for (const [args, field] of [[{}, 'text'], [{ text: 7 }, 'text'], [{ text: 'x', txet: 'x' }, 'txet']]) {
    const result = await call(client, 'echo', args);
    assert.equal(result.isError, true);
    assert.match(result.content[0].text, new RegExp(field));
  }
});

test('legacy client: an unknown tool is a protocol error', bounded, async (t) => {
  await assert.rejects(call(await connect(t), 'ehco', {}), { code: -32602, message: /ehco/ });
});

test('legacy client: version and status describe the server', bounded, async (t) => {
  const client = await connect(t);
  await client.listTools(); // so that the SDK checks the answers against the tools' output schemas
  const version = await call(client, 'version', {});
  assert.equal(version.structuredContent.version, client.getServerVersion().version);
  const status = await call(client, 'status', {});
  assert.ok(status.structuredContent.plugins.length >= 5);
});

test('legacy client: an investigation with a certain end asks no expert', bounded, async (t) => {
  const place = new Place(t);
  const file = place.write('sum.js', 'export const sum = (list) => list.reduce((a, b) => a - b, 0);\n');
  const client = await connect(t, place);
  const step = (number, rest) => call(client, 'debug', { step_number: number, total_steps: 3, next_step_required: true,
    step: `step ${number}`, findings: 'sum subtracts', relevant_files: [file], ...rest });

  const first = (await step(1)).structuredContent;
  assert.equal(first.status, 'pause_for_investigation');
  const { continuation_id } = first;
  assert.ok(continuation_id);
  const second = (await step(2, { continuation_id, confidence: 'high' })).structuredContent;
  assert.equal(second.status, 'pause_for_investigation');
  assert.equal(second.continuation_id, continuation_id);
  const last = (await step(3, { continuation_id, confidence: 'certain', next_step_required: false })).structuredContent;
  assert.equal(last.status, 'certain_confidence_proceed_with_fix');
});

test('legacy client: two clients of one state folder use the same ids at once', bounded, async (t) => {
  const place = new Place(t);
  const clients = await Promise.all([connect(t, place), connect(t, place)]);
  // Both SDK clients count their ids from 0, so equal positions carry equal ids.
  const texts = [...Array(20).keys()].map(String);
  const ask = (client, n) => Promise.all(texts.map((text) => call(client, 'echo', { text: `${n}/${text}` })));
  const answers = await Promise.all(clients.map(ask));
  answers.forEach((results, n) => results.forEach((result, i) =>
    assert.deepEqual(result.structuredContent, { text: `${n}/${texts[i]}` })));
});
