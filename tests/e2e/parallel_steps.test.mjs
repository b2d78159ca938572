// Calls of one tool that run side by side on one thread: what each stored is there afterwards, or its caller has been told.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startModel } from './held_model.mjs';
import { Place } from './place.mjs';
import { providerConfig } from './provider_config.mjs';
import { RawPeer } from './raw_peer.mjs';

const bounded = { timeout: 60_000 };

const step = (number, more, findings, rest = {}) => ({
  step: number === 1 ? 'the sum is wrong' : 'look further', step_number: number, total_steps: 20, next_step_required: more, findings, ...rest,
});

async function start(t, model) {
  const place = new Place(t).configure(providerConfig(model.url, { provider: '\n[providers.upstream.config]\nstream = false' }));
  const peer = new RawPeer(place);
  await peer.initialize();
  let id = 0;
  const debug = async (args) => (await peer.call(++id, 'debug', args)).result;
  const first = (await debug(step(1, true, 'it begins at 1'))).structuredContent;
  const continuation_id = first.continuation_id;
  return {
    go_on: (number, more, findings, rest) => debug(step(number, more, findings, { continuation_id, ...rest })),
    begin_anew: (text) => debug({ ...step(1, true, 'nothing yet'), step: text, continuation_id }),
    summary: async () => (await debug(step(20, false, 'that is it', { continuation_id, confidence: 'certain' })))
      .structuredContent.complete_investigation.work_summary,
  };
}

test('parallel steps: a step that another call stores while the expert is asked is kept beside it', bounded, async (t) => {
  let holding = true;
  const model = await startModel(t, { hold: () => holding });
  const run = await start(t, model);
  const slow = run.go_on(2, false, 'the caller passes n');
  await model.until(() => model.open === 1); // it has read the thread by now
  const fast = await run.go_on(2, true, 'n is never 0');
  assert.equal(fast.structuredContent.status, 'pause_for_investigation');
  holding = false;
  model.release();
  const { structuredContent } = await slow;
  assert.equal(structuredContent.status, 'calling_expert_analysis');
  assert.match(structuredContent.continuation_note, /Another call has gone on with this run/);
  const summary = await run.summary();
  for (const findings of ['it begins at 1', 'the caller passes n', 'n is never 0', 'that is it']) assert.ok(summary.includes(findings), summary);
});

test('parallel steps: a run that begins meanwhile in the same thread is not mixed with the one that ends', bounded, async (t) => {
  let holding = true;
  const model = await startModel(t, { hold: () => holding });
  const run = await start(t, model);
  const slow = run.go_on(2, false, 'the caller passes n');
  await model.until(() => model.open === 1);
  assert.equal((await run.begin_anew('the log is empty')).isError ?? false, false);
  holding = false;
  model.release();
  const { structuredContent } = await slow;
  assert.equal(structuredContent.status, 'calling_expert_analysis'); // what was paid for is handed out
  assert.match(structuredContent.continuation_note, /another run of debug has begun in this conversation/);
  assert.ok(!(await run.summary()).includes('the caller passes n'));
});

test('parallel steps: of many at the same moment none is lost without a word', bounded, async (t) => {
  const model = await startModel(t);
  const run = await start(t, model);
  const wanted = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => `finding number ${i} of many`);
  // Each is a step of its own: one that is sent again later replaces its first version, as it should.
  const answers = await Promise.all(wanted.map((findings, i) => run.go_on(2 + i, true, findings)));
  const summary = await run.summary();
  answers.forEach((answer, i) => {
    assert.ok(!answer.isError, answer.content[0].text); // a model's answer would be lost with it
    const stored = answer.structuredContent.continuation_id !== undefined;
    assert.equal(summary.includes(wanted[i]), stored, JSON.stringify(answer).slice(0, 500));
  });
});
