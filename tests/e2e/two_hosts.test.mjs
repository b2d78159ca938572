// Two servers on one state folder, each with an official client of its own, as two agents on one machine have them: the
// clients number their requests alike and call the same tools, and nothing of one is the other's but what they shall share.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startModel } from './held_model.mjs';
import { Place } from './place.mjs';
import { providerConfig } from './provider_config.mjs';
import { clients, connect } from './sdk_clients.mjs';

const bounded = { timeout: 60_000 };

const config = (url, { provider = '', rest = '' } = {}) =>
  providerConfig(url, { provider: `${provider}\n[providers.upstream.config]\nstream = false`, rest });

/** Both clients at one place. */
const connectBoth = (place) => Promise.all(clients.map((name) => connect(name, place)));

const content = ({ isError, content: [first], structuredContent }) => {
  assert.equal(isError ?? false, false, first.text);
  return structuredContent.content;
};

test('two hosts: nothing mixes, though ids, tools and arguments are alike', bounded, async (t) => {
  const model = await startModel(t);
  const calls = await connectBoth(new Place(t).configure(config(model.url)));
  const rounds = [0, 1, 2, 3, 4, 5, 6, 7];
  const answers = await Promise.all(calls.map((call, host) =>
    Promise.all(rounds.map((i) => call('chat', { prompt: `question ${i} of ${host}` })))));
  const threads = new Set();
  answers.forEach((ofHost, host) => ofHost.forEach((one, i) => {
    assert.equal(content(one), `answer to question ${i} of ${host}`);
    threads.add(one.structuredContent.continuation_offer.continuation_id);
  }));
  assert.equal(threads.size, 16);
  // A thread of the store is the user's: either host goes on with either's, and tells the model that one only.
  const next = await Promise.all(calls.map((call, host) => call('chat', {
    prompt: `and then, ${host}?`,
    continuation_id: answers[1 - host][0].structuredContent.continuation_offer.continuation_id,
  })));
  next.forEach((one, host) => {
    assert.equal(content(one), `answer to and then, ${host}?`);
    const earlier = `question 0 of ${1 - host}`;
    assert.deepEqual(model.talks.get(`and then, ${host}?`), [earlier, `answer to ${earlier}`, `and then, ${host}?`]);
  });
  for (const times of model.asked.values()) assert.equal(times, 1);
});

test('two hosts: concurrency_max holds for both together, and neither starves', bounded, async (t) => {
  const model = await startModel(t, { hold: () => true });
  const place = new Place(t).configure(config(model.url, { provider: 'concurrency_max = 3' }));
  const calls = await connectBoth(place);
  const answers = calls.map((call, host) => [0, 1, 2, 3, 4, 5].map((i) => call('chat', { prompt: `${i} of ${host}` })));
  for (let answered = 0; answered < 12; answered += 3) {
    await model.until(() => model.open === 3);
    model.release();
    await model.until(() => model.open < 3 || model.asked.size === 12);
  }
  for (const [host, ofHost] of answers.entries())
    for (const [i, one] of ofHost.entries()) assert.equal(content(await one), `answer to ${i} of ${host}`);
  assert.equal(model.most, 3);
  for (const times of model.asked.values()) assert.equal(times, 1);
});

test('two hosts: a pause that one was asked for, and a breaker that one opened, hold for the other', bounded, async (t) => {
  const model = await startModel(t, { fail: (prompt) => (prompt === 'pause' ? { status: 429, retryAfter: 3600 } : prompt === 'fail' && { status: 500 }) });
  const place = new Place(t).configure(config(model.url, { provider: 'attempts_max = 1', rest: '[breaker]\nfailures_max = 2' }));
  const [one, other] = await connectBoth(place);
  for (let i = 0; i < 2; ++i) assert.equal((await one('chat', { prompt: 'fail' })).isError, true);
  const resting = await other('chat', { prompt: 'hello' });
  assert.match(resting.content[0].text, /breaker: another host found that the provider fails; not asked for another \d+ ms/);
  assert.equal(model.asked.has('hello'), false);

  const second = new Place(t).configure(config(model.url, { provider: 'attempts_max = 1' }));
  const [first, next] = await connectBoth(second);
  assert.match((await first('chat', { prompt: 'pause' })).content[0].text, /^rate_limited: /);
  const paused = await next('chat', { prompt: 'good morning' });
  assert.match(paused.content[0].text, /the upstream asked for a pause \(Retry-After\) of another 3[56]\d{5} ms/);
  assert.equal(model.asked.has('good morning'), false);
});

test('two hosts: one is killed; the other never notices, and the call goes on in the next one of its owner', bounded, async (t) => {
  const model = await startModel(t, { hold: (prompt) => prompt !== 'before' });
  const place = new Place(t).configure(config(model.url, { provider: 'concurrency_max = 2' }));
  const [victim, witness] = await connectBoth(place);
  await victim('chat', { prompt: 'before' });
  const durable = { 'toolpost/durable': true };
  const lost = victim('chat', { prompt: 'interrupted' }, undefined, durable).catch((error) => error);
  const kept = witness('chat', { prompt: 'innocent' });
  await model.until(() => model.asked.has('interrupted') && model.asked.has('innocent'));
  process.kill(victim.pid, 'SIGKILL');
  assert.ok((await lost) instanceof Error);
  await model.until(() => model.open === 1); // the place of the dead host is free again
  const more = witness('chat', { prompt: 'more' });
  await model.until(() => model.asked.has('more'));
  model.release();
  assert.equal(content(await kept), 'answer to innocent');
  assert.equal(content(await more), 'answer to more');
  // The next server of that client finds the call: it was sent and never answered, so nobody knows.
  const again = await connect(clients[0], place);
  const doubted = await again('chat', { prompt: 'interrupted' }, undefined, durable);
  assert.match(doubted.content[0].text, /^in_doubt: /);
  for (const [prompt, times] of model.asked) assert.equal(times, 1, prompt);
});

test('two hosts: what a killed one left is found by one that ran beside it, when its owner asks again', bounded, async (t) => {
  const model = await startModel(t, { hold: (prompt) => prompt === 'interrupted' });
  const place = new Place(t).configure(config(model.url));
  const [victim, witness] = await connectBoth(place);
  const durable = { 'toolpost/durable': true };
  const lost = victim('chat', { prompt: 'interrupted' }, undefined, durable).catch((error) => error);
  await model.until(() => model.asked.has('interrupted'));
  process.kill(victim.pid, 'SIGKILL');
  assert.ok((await lost) instanceof Error);
  const doubted = await witness('chat', { prompt: 'interrupted' }, undefined, durable);
  assert.match(doubted.content[0].text, /^in_doubt: /);
  assert.equal(model.asked.get('interrupted'), 1);
  const anew = witness('chat', { prompt: 'interrupted' }, undefined, durable); // told once; this is another call
  await model.until(() => model.asked.get('interrupted') === 2);
  model.release();
  assert.equal(content(await anew), 'answer to interrupted');
});
