// A plugin asks the client's user, and the client's own model, through the SDKs of both eras. What a client brings back
// of an unfinished call is bound to it, survives the host, and works once.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { Place, bounded } from './place.mjs';
import { RawPeer } from './raw_peer.mjs';

const form = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
const question = { kind: 'ask', request: { message: 'Whom to greet?', schema: form } };
const sample = { kind: 'sample', request: { system: 'Be short.', messages: [{ role: 'user', content: 'why?' }] } };
const abilities = { elicitation: {}, sampling: {} };

/** A server with the plugin `asking`, which performs whatever effect it is told. */
function asking(t, more = '') {
  const place = new Place(t);
  const folder = join(place.folder, 'plugins');
  mkdirSync(folder, { mode: 0o700 });
  copyFileSync(join(dirname(process.env.TOOLPOST), '../tests/plugins/asking.so'), join(folder, 'asking.so'));
  return place.configure(`[host]\nplugin_folders = ["${folder}"]\n[plugins."test.asking"]\ngrant = ["ask", "sample", "provider"]\n${more}`);
}

/** A client of either era whose user and model answer by these functions; without them it has neither. */
const eras = {
  async legacy(place, { user, model } = {}) {
    const client = new LegacyClient({ name: 'legacy', version: '1' }, { capabilities: user ? abilities : {} });
    if (user) client.setRequestHandler(ElicitRequestSchema, (request) => user(request.params));
    if (model) client.setRequestHandler(CreateMessageRequestSchema, (request) => model(request.params));
    await client.connect(new LegacyTransport(place.stdio));
    return client;
  },
  async modern(place, { user, model } = {}) {
    const options = { capabilities: user ? abilities : {}, versionNegotiation: { mode: { pin: '2026-07-28' } } };
    const client = new ModernClient({ name: 'modern', version: '1' }, options);
    if (user) client.setRequestHandler('elicitation/create', (request) => user(request.params));
    if (model) client.setRequestHandler('sampling/createMessage', (request) => model(request.params));
    await client.connect(new ModernTransport(place.stdio));
    return client;
  },
};

const accept = (content) => () => ({ action: 'accept', content });
const answer = (text) => () => ({ role: 'assistant', model: 'own-model', stopReason: 'endTurn', content: { type: 'text', text } });

async function ask(client, args) {
  const result = await client.callTool({ name: 'asking', arguments: args });
  assert.ok(!result.isError, result.content[0]?.text);
  return result.structuredContent;
}

for (const [era, connect] of Object.entries(eras)) {
  test(`${era} client: its user is asked by name of the plugin, and the answer reaches it`, bounded, async (t) => {
    const place = asking(t);
    const seen = [];
    const user = (params) => { seen.push(params); return { action: 'accept', content: { name: 'Ada' } }; };
    const client = await connect(place, { user, model: answer('because') });
    place.onEnd(() => client.close());
    assert.deepEqual((await ask(client, question)).result, { action: 'accept', content: { name: 'Ada' } });
    assert.match(seen[0].message, /^Tool asking \(plugin test\.asking\) asks: Whom to greet\?$/);
    assert.deepEqual(seen[0].requestedSchema, form);
    assert.equal(seen.length, 1);
  });

  test(`${era} client: a user who declines or cancels is believed`, bounded, async (t) => {
    for (const action of ['decline', 'cancel']) {
      const place = asking(t);
      const client = await connect(place, { user: () => ({ action }), model: answer('') });
      place.onEnd(() => client.close());
      assert.deepEqual((await ask(client, question)).result, { action });
    }
  });

  test(`${era} client: its model answers what a plugin samples`, bounded, async (t) => {
    const place = asking(t);
    let seen;
    const model = (params) => { seen = params; return answer('because')(); };
    const client = await connect(place, { user: accept({}), model });
    place.onEnd(() => client.close());
    assert.deepEqual((await ask(client, sample)).result, { text: 'because', model: 'own-model', finish_reason: 'stop' });
    assert.equal(seen.systemPrompt, 'Tool asking (plugin test.asking) asks.\n\nBe short.');
    assert.deepEqual(seen.messages, [{ role: 'user', content: { type: 'text', text: 'why?' } }]);
    assert.equal(seen.includeContext, undefined);
  });

  test(`${era} client: with no provider configured its model is the expert`, bounded, async (t) => {
    const place = asking(t);
    let asked;
    const model = (params) => { asked = params; return answer('from the client')(); };
    const client = await connect(place, { user: accept({}), model });
    place.onEnd(() => client.close());
    const request = { method: 'chat', model: 'auto', messages: [{ role: 'user', content: 'hm?' }] };
    const { result } = await ask(client, { kind: 'provider', request });
    assert.equal(result.text, 'from the client');
    assert.equal(result.provider, 'client');
    assert.equal(result.model, 'own-model');
    assert.match(asked.systemPrompt, /^Tool asking \(plugin test\.asking\) asks\./);
  });

  test(`${era} client: one without the abilities gets UNSUPPORTED at once`, bounded, async (t) => {
    const place = asking(t);
    const client = await connect(place);
    place.onEnd(() => client.close());
    assert.match((await ask(client, question)).message, /declares no elicitation/);
    assert.match((await ask(client, sample)).message, /declares no sampling/);
  });

  test(`${era} client: an answer that does not fit the form is not passed on`, bounded, async (t) => {
    const place = asking(t);
    const client = await connect(place, { user: accept({ name: 7 }), model: answer('') });
    place.onEnd(() => client.close());
    const reply = await ask(client, question);
    assert.match(reply.message, /does not fit the form/);
    assert.equal(reply.result, undefined);
  });
}

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': abilities,
};
let nextId = 0;
const leg = (peer, params) => {
  nextId += 1;
  return peer.ask({ id: nextId, method: 'tools/call', params: { name: 'asking', _meta: meta, arguments: question, ...params } });
};
const said = (name) => ({ 'ask.0': { action: 'accept', content: { name } } });

test('an unfinished call goes on in another host of the same state folder, once', { timeout: 40_000 }, async (t) => {
  const place = asking(t);
  const first = new RawPeer(place);
  const { result } = await leg(first, {});
  assert.equal(result.resultType, 'input_required');
  assert.deepEqual(Object.keys(result.inputRequests), ['ask.0']);
  assert.equal(result._meta['toolpost/call'].turns, 1);
  first.process.kill('SIGKILL');
  await first.closed;

  const second = new RawPeer(place);
  const state = { requestState: result.requestState };
  const done = await leg(second, { ...state, inputResponses: said('Ada') });
  assert.deepEqual(done.result.structuredContent.result.content, { name: 'Ada' });
  const again = await leg(second, { ...state, inputResponses: said('Eve') });
  assert.equal(again.error.code, -32602);
  assert.match(again.error.message, /used already/);
});

test('a state that was changed, or belongs to other arguments, is refused and the call stays whole', bounded, async (t) => {
  const peer = new RawPeer(asking(t));
  const { result } = await leg(peer, {});
  const state = result.requestState;
  for (const bad of [`${state.slice(0, -1)}${state.endsWith('0') ? '1' : '0'}`, 'nonsense', state.replace('tp1.', 'tp1.0')]) {
    const refused = await leg(peer, { requestState: bad, inputResponses: said('Eve') });
    assert.equal(refused.error.code, -32602, bad);
  }
  const other = await leg(peer, { requestState: state, arguments: { ...question, more: 1 }, inputResponses: said('Eve') });
  assert.equal(other.error.code, -32602);
  const done = await leg(peer, { requestState: state, inputResponses: said('Ada') });
  assert.deepEqual(done.result.structuredContent.result.content, { name: 'Ada' });
});

test('answers that are missing are asked for again, unknown ones are left alone', bounded, async (t) => {
  const peer = new RawPeer(asking(t));
  const { result } = await leg(peer, {});
  const again = await leg(peer, { requestState: result.requestState, inputResponses: { 'ask.7': { action: 'accept' } } });
  assert.equal(again.result.resultType, 'input_required');
  const until = (state) => state.split('.')[2]; // what a user may take is counted over all legs
  assert.equal(until(again.result.requestState), until(result.requestState));
  const done = await leg(peer, { requestState: again.result.requestState, inputResponses: said('Ada') });
  assert.deepEqual(done.result.structuredContent.result.content, { name: 'Ada' });
});

test('a legacy client that goes silent is left after deadlines.ask_max_ms, and told so', bounded, async (t) => {
  const peer = new RawPeer(asking(t, '[deadlines]\nask_max_ms = 1000\n'));
  const params = { protocolVersion: '2025-11-25', capabilities: abilities, clientInfo: { name: 'claude-code', version: '1' } };
  await peer.ask({ id: 'initialize', method: 'initialize', params });
  const withdrawn = peer.next((message) => message.method === 'notifications/cancelled');
  const asked = peer.next((message) => message.method === 'elicitation/create');
  const reply = peer.ask({ id: 1, method: 'tools/call', params: { name: 'asking', arguments: question } });
  const { id } = await asked;
  assert.equal((await withdrawn).params.requestId, id);
  assert.match((await reply).result.structuredContent.message, /nobody answered within/);
  // What comes too late is nobody's, and the stream goes on.
  peer.send({ id, result: { action: 'accept', content: { name: 'Ada' } } });
  assert.ok((await peer.ask({ id: 2, method: 'ping' })).result);
});

test('a call that is cancelled takes its question back', bounded, async (t) => {
  const peer = new RawPeer(asking(t));
  const params = { protocolVersion: '2025-06-18', capabilities: abilities, clientInfo: { name: 'raw', version: '1' } };
  await peer.ask({ id: 'initialize', method: 'initialize', params });
  const asked = peer.next((message) => message.method === 'elicitation/create');
  peer.send({ id: 1, method: 'tools/call', params: { name: 'asking', arguments: question } });
  const { id } = await asked;
  const withdrawn = peer.next((message) => message.method === 'notifications/cancelled');
  peer.send({ method: 'notifications/cancelled', params: { requestId: 1 } });
  assert.equal((await withdrawn).params.requestId, id);
});
