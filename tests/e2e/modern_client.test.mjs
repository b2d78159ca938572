// The SDK of revision 2026-07-28, pinned to it: no initialize, every request says what it is.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Place, bounded } from './place.mjs';
import { standard } from './tool_names.mjs';

const revision = '2026-07-28';

async function connect(t, place = new Place(t), mode = { pin: revision }) {
  const client = new Client({ name: 'modern', version: '1' }, { versionNegotiation: { mode } });
  place.onEnd(() => client.close());
  await client.connect(new StdioClientTransport(place.stdio));
  return client;
}

const call = (client, name, args) => client.callTool({ name, arguments: args });

test('modern client: server/discover offers the pinned revision', bounded, async (t) => {
  const client = await connect(t);
  assert.equal(client.getProtocolEra(), 'modern');
  assert.equal(client.getNegotiatedProtocolVersion(), revision);
  const found = await client.discover();
  assert.ok(found.supportedVersions.includes(revision));
  assert.ok(found.capabilities.tools);
  assert.equal(client.getServerVersion().name, 'toolpost');
});

test('modern client: without a pin it finds the revision by itself', bounded, async (t) => {
  const client = await connect(t, new Place(t), 'auto');
  assert.equal(client.getNegotiatedProtocolVersion(), revision);
});

test('modern client: tools/list has every tool, each with a schema', bounded, async (t) => {
  const { tools } = await (await connect(t)).listTools();
  assert.deepEqual(tools.map((tool) => tool.name).sort(), standard);
  for (const tool of tools) assert.equal(tool.inputSchema.type, 'object', tool.name);
});

test('modern client: echo gives back what it got', bounded, async (t) => {
  const input = { text: 'grüße "quoted" \\ \n\t \u{1F600}' };
  assert.deepEqual((await call(await connect(t), 'echo', input)).structuredContent, input);
});

test('modern client: invalid arguments are a tool error that names the field', bounded, async (t) => {
  const client = await connect(t);
  await client.listTools(); // so that the SDK checks the answers against the tools' output schemas
  for (const [args, field] of [[{}, 'text'], [{ text: 7 }, 'text'], [{ text: 'x', txet: 'x' }, 'txet']]) {
    const result = await call(client, 'echo', args);
    assert.equal(result.isError, true);
    assert.match(result.content[0].text, new RegExp(field));
  }
});

test('modern client: an unknown tool is a protocol error', bounded, async (t) => {
  await assert.rejects(call(await connect(t), 'ehco', {}), { code: -32602, message: /ehco/ });
});

test('modern client: an investigation goes on with its continuation_id', bounded, async (t) => {
  const place = new Place(t);
  const file = place.write('sum.js', 'export const sum = (list) => list.reduce((a, b) => a - b, 0);\n');
  const client = await connect(t, place);
  const step = (number, rest) => call(client, 'debug', { step_number: number, total_steps: 2, next_step_required: true,
    step: `step ${number}`, findings: 'sum subtracts', relevant_files: [file], ...rest });
  const { continuation_id } = (await step(1)).structuredContent;
  const last = await step(2, { continuation_id, confidence: 'certain', next_step_required: false });
  assert.equal(last.structuredContent.status, 'certain_confidence_proceed_with_fix');
});

test('modern client: calls at once get their own answers', bounded, async (t) => {
  const client = await connect(t);
  const texts = [...Array(20).keys()].map(String);
  const results = await Promise.all(texts.map((text) => call(client, 'echo', { text })));
  assert.deepEqual(results.map((result) => result.structuredContent.text), texts);
});
