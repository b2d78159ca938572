// Workflow tools through the real server: a panel of models, a mended answer, plans and traces over several calls.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'node:test';
import { chats, startBare, startMock } from './model_server.mjs';
import { Place, bounded } from './place.mjs';
import { providerConfig } from './provider_config.mjs';
import { RawPeer } from './raw_peer.mjs';

const opinion = (position, verdict) => ({ content: JSON.stringify({ status: 'opinion', position, confidence: 8, verdict,
  analysis: 'Because.', key_takeaways: ['one'] }) });

async function start(t, toml) {
  const place = new Place(t);
  if (toml) place.configure(toml);
  const peer = new RawPeer(place);
  await peer.initialize();
  return { place, peer, run: async (id, tool, args) => (await peer.call(id, tool, args)).result };
}

const step = (number, total, rest) => ({ step: `step ${number}`, step_number: number, total_steps: total, next_step_required: number < total, ...rest });

test('consensus: one dead model does not sink it, and no model sees another\'s opinion', bounded, async (t) => {
  const mock = await startMock(t, (m) => m
    .on({ model: 'yes' }, opinion('support', 'canary-of-yes'))
    .on({ model: 'also' }, opinion('support', 'canary-of-also'))
    .on({ model: 'dead' }, { status: 401, error: { message: 'no key', type: 'invalid_request_error' } }));
  const { run, place } = await start(t, providerConfig(mock.url).replace('["m"]', '["yes", "also", "dead"]'));
  const models = [{ model: 'yes', stance: 'against' }, { model: 'also' }, { model: 'dead' }];
  const first = (await run(1, 'consensus', step(1, 3, { step: 'Use SQLite', models }))).structuredContent;
  assert.equal(first.status, 'analysis_and_first_model_consulted');
  assert.equal(first.model_response.model, 'yes');
  assert.equal(chats(mock).length, 3);
  const last = (await run(2, 'consensus', step(2, 3, { next_step_required: false, continuation_id: first.continuation_id }))).structuredContent;
  assert.equal(last.status, 'consensus_workflow_complete');
  assert.equal(chats(mock).length, 3); // nobody is asked twice
  assert.deepEqual(last.accumulated_responses.map((one) => one.status), ['success', 'success', 'error']);
  assert.equal(last.complete_consensus.consensus_confidence, 'medium');
  assert.deepEqual(last.complete_consensus.confidence_basis, { asked: 3, answered: 2, quorum: 2, quorum_met: true,
    positions: { support: 2 }, agreement: 1, score: 0.67 });
  assert.ok(chats(mock).every((entry) => !JSON.stringify(entry.body).includes('canary')));
  // The thread knows who answered and how long it took, though the tool stores neither.
  const show = ['--state-dir', join(place.folder, 'state'), 'threads', 'show', '--json', first.continuation_id];
  const [asked] = JSON.parse(execFileSync(process.env.TOOLPOST, show, { env: place.environment })).turns;
  assert.deepEqual(asked.models, ['upstream/also', 'upstream/yes']);
  assert.ok(asked.latency_ms >= 0 && asked.tokens > 0);
});

test('consensus: a model that is slower than its deadline is left behind', bounded, async (t) => {
  const mock = await startMock(t, (m) => m.on({ model: 'fast' }, opinion('support', 'Yes.')));
  const silent = await startBare(t, () => {});
  const { run } = await start(t, `${providerConfig(mock.url).replace('["m"]', '["fast"]')}
[providers.silent]
base_url = "${silent.url}/v1"
models = ["slow"]
[plugins."dev.toolpost.consensus".config]
model_deadline_ms = 1000`);
  const { structuredContent } = await run(1, 'consensus', step(1, 1, { models: [{ model: 'fast' }, { model: 'slow' }] }));
  assert.equal(structuredContent.status, 'consensus_workflow_complete');
  assert.equal(structuredContent.complete_consensus.total_responses, 1);
  assert.match(structuredContent.accumulated_responses[1].error, /1000 ms/);
});

test('codereview: an answer of the wrong form is mended by one more call that says what was wrong', bounded, async (t) => {
  const good = { status: 'analysis_complete', summary: 'Fine.', issues: [] };
  const mock = await startMock(t, (m) => m.on({ userMessage: /summary is missing/ }, { content: JSON.stringify(good) })
    .onMessage(/.*/s, { content: '{"status":"analysis_complete","issues":[]}' }));
  const { run, place } = await start(t, providerConfig(mock.url));
  const file = place.write('a.c', 'int a;\n');
  const { structuredContent } = await run(1, 'codereview', step(1, 1, { findings: 'f', relevant_files: [file] }));
  assert.deepEqual(structuredContent.expert_analysis, good);
  assert.equal(structuredContent.metadata.form_mended, true);
  assert.equal(chats(mock).length, 2);
});

test('planner and docgen keep count over calls, and end with the whole', bounded, async (t) => {
  const { run } = await start(t);
  const begun = (await run(1, 'planner', step(1, 2))).structuredContent;
  const { plan_summary } = (await run(2, 'planner', step(2, 2, { continuation_id: begun.continuation_id }))).structuredContent;
  assert.equal(plan_summary, '1. step 1\n2. step 2\n');
  const flags = { document_complexity: true, document_flow: true, update_existing: true, comments_on_complex_logic: true, findings: 'f' };
  const early = (await run(3, 'docgen', step(1, 1, { ...flags, num_files_documented: 0, total_files_to_document: 1 }))).structuredContent;
  assert.equal(early.status, 'documentation_analysis_required');
  const done = (await run(4, early.next_call.tool, { ...early.next_call.arguments, step: 'done', findings: 'f', num_files_documented: 1,
    next_step_required: false })).structuredContent;
  assert.equal(done.status, 'documentation_analysis_complete');
});

test('every workflow tool takes fields that nobody knows, and says so', bounded, async (t) => {
  const { run } = await start(t);
  const { isError, structuredContent } = await run(1, 'thinkdeep', step(1, 1, { findings: 'f', confidence: 'certain', working_directory: '/p' }));
  assert.ok(!isError);
  assert.deepEqual(structuredContent.metadata.ignored_fields, ['working_directory']);
});
