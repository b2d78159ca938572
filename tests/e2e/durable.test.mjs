// The host is killed with -9 while calls are in flight, and started again on the same state: what was asked of a model
// and answered is never asked again, what was promised to be finished is finished.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { startModel } from './held_model.mjs';
import { Place, sanitized } from './place.mjs';
import { providerConfig } from './provider_config.mjs';
import { RawPeer } from './raw_peer.mjs';

const bounded = { timeout: 60_000 };
const run = promisify(execFile);

const wide = '[admission]\ncalls_max = 64\nowner_calls_max = 64\nplugin_calls_max = 64\n';
const config = (url, rest = wide) => providerConfig(url, {
  provider: 'concurrency_max = 64\n[providers.upstream.config]\nstream = false', rest,
});

function callLine(id, prompt, durable = true) {
  const meta = durable ? { 'toolpost/durable': true } : {};
  return { id, method: 'tools/call', params: { name: 'chat', arguments: { prompt }, _meta: meta } };
}

const toolpost = (place, ...args) =>
  run(process.env.TOOLPOST, [...place.args.slice(0, -1), ...args], { cwd: place.project, env: place.environment });

async function kill(peer) {
  peer.process.kill('SIGKILL');
  await peer.exited;
}

/** A server of this place that a client has greeted. */
async function start(place) {
  const peer = new RawPeer(place);
  await peer.initialize();
  return peer;
}

/** A server that is killed once its model was asked; one that starts after it finds what it left. */
async function killWhileAsking(place, model, line) {
  const peer = await start(place);
  peer.send(line);
  await model.until(() => model.asked.has(line.params.arguments.prompt));
  await kill(peer);
}

/** All outcomes that wait in the store, by prompt. */
async function outcomes(place) {
  const { stdout } = await toolpost(place, 'calls', 'list');
  const found = new Map();
  for (const line of stdout.split('\n').filter((text) => / {2}ended\b/.test(text))) {
    const shown = (await toolpost(place, 'calls', 'show', line.slice(0, 32))).stdout;
    found.set(JSON.parse(shown.split('\n')[0].replace(/^chat /, '')).prompt, shown);
  }
  return found;
}

test('durable: a host killed at random moments with 50 calls in flight finishes them all', { timeout: 180_000 }, async (t) => {
  const model = await startModel(t);
  const place = new Place(t).configure(config(model.url, `${wide}[resume]\nin_doubt = "resend"\n`));
  const count = sanitized ? 20 : 50;
  let peer = await start(place);
  const peers = [peer];
  for (let i = 0; i < count; ++i) peer.send(callLine(i, `question ${i}`));
  // Killed after some of the calls were asked; then again and again while they are resumed.
  for (const share of [0.02, 0.24, 0.6]) {
    await model.until(() => model.asked.size >= count * share);
    await kill(peer);
    peers.push(peer = await start(place));
  }
  await model.until(() => model.asked.size >= count);
  peer.close();
  await peer.exited;
  const { stdout } = await toolpost(place, 'calls', 'resume');
  assert.doesNotMatch(stdout, /^\w+ {2}(?!ok)/m);
  const ended = await outcomes(place);
  // A client heard it, or it waits in the store; of an outcome that was heard and stored, both are right.
  const heard = new Set(peers.flatMap(({ messages }) => messages.map(({ result }) => result?.structuredContent?.content)));
  for (let i = 0; i < count; ++i) {
    const stored = new RegExp(`outcome: ok\\n[^]*answer to question ${i}\\b`).test(ended.get(`question ${i}`) ?? '');
    assert.ok(stored || heard.has(`answer to question ${i}`), `question ${i} was answered`);
  }
});

test('durable: an answer that is on disk is not asked for again, whenever the host dies', bounded, async (t) => {
  const model = await startModel(t);
  const place = new Place(t).configure(config(model.url));
  for (let round = 0; round < (sanitized ? 3 : 8); ++round) {
    const peer = await start(place);
    const prompts = Array.from({ length: 6 }, (_, i) => `round ${round}, question ${i}`);
    prompts.forEach((prompt, i) => peer.send(callLine(i, prompt)));
    await model.until(() => model.asked.has(prompts[round % 6]));
    await kill(peer);
    const { stdout } = await toolpost(place, 'calls', 'resume').catch((error) => error);
    const ended = await outcomes(place);
    const heard = new Set(peer.messages.map(({ result }) => result?.structuredContent?.content));
    for (const prompt of prompts.filter((one) => !heard.has(`answer to ${one}`))) {
      const shown = ended.get(prompt);
      assert.ok(shown, `${prompt} ended: ${stdout}`);
      // Its answer was on disk, or it is in doubt; it is never asked twice.
      // One that was sent and did not arrive is in doubt as well: the host cannot know.
      const times = model.asked.get(prompt) ?? 0;
      assert.match(shown, times === 0 ? /outcome: in_doubt/ : /outcome: (ok|in_doubt)/);
      assert.ok(times <= 1, `${prompt} was asked ${times} times`);
    }
    await toolpost(place, 'calls', 'purge', '--yes');
  }
});

test('durable: killed at random with 50 calls in flight, nothing is asked twice, lost or torn', { timeout: 180_000 }, async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed}`);
  let state = seed;
  const random = (below) => { // a linear congruence (Numerical Recipes), good enough to choose a moment
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.floor(state / 2 ** 32 * below);
  };
  const model = await startModel(t);
  const place = new Place(t).configure(config(model.url));
  const count = sanitized ? 12 : 50;
  for (let round = 0; round < (sanitized ? 2 : 4); ++round) {
    const peer = await start(place);
    const prompts = Array.from({ length: count }, (_, i) => `random ${round}, question ${i}`);
    prompts.forEach((prompt, i) => peer.send(callLine(i, prompt)));
    const moment = 1 + random(count);
    const reached = () => prompts.filter((prompt) => model.asked.has(prompt)).length >= moment;
    await model.until(reached);
    for (let spins = random(200_000); spins > 0; --spins) Math.sqrt(spins); // up to a millisecond or so
    await kill(peer);
    await toolpost(place, 'calls', 'resume').catch((error) => error); // fails when one is in doubt
    const ended = await outcomes(place); // reads each record whole
    const heard = new Set(peer.messages.map(({ result }) => result?.structuredContent?.content));
    for (const prompt of prompts) {
      const times = model.asked.get(prompt) ?? 0;
      assert.ok(times <= 1, `${prompt} was asked ${times} times`);
      if (heard.has(`answer to ${prompt}`)) continue;
      // What is not on disk was never begun, and never asked.
      assert.match(ended.get(prompt) ?? (times === 0 ? 'outcome: ok' : 'lost'), /outcome: (ok|in_doubt)/, `${prompt}: ${times}`);
    }
    await toolpost(place, 'calls', 'purge', '--yes');
  }
});

test('durable: what was sent and never answered is in doubt, and says so', bounded, async (t) => {
  let holding = true;
  const model = await startModel(t, { hold: () => holding });
  const place = new Place(t).configure(config(model.url));
  await killWhileAsking(place, model, callLine(1, 'held'));
  holding = false;
  model.release();
  const resumed = await toolpost(place, 'calls', 'resume').catch((error) => error);
  assert.equal(resumed.code, 1);
  assert.match(resumed.stdout, /in_doubt: upstream \(m\): .*resume\.in_doubt = "resend"/);
  assert.doesNotMatch(resumed.stdout, /calls show/); // there is no answer to be shown
  assert.equal(model.asked.get('held'), 1);
  const { stdout } = await toolpost(place, 'calls', 'list');
  assert.match(stdout, /^[0-9a-f]{32} {2}ended +chat {2}\d+ s ago/m);
  const { calls: [kept] } = JSON.parse((await toolpost(place, 'calls', 'list', '--json')).stdout);
  assert.deepEqual([kept.state, kept.durable, kept.tool], ['ended', false, 'chat']); // it was told
  const shown = JSON.parse((await toolpost(place, 'calls', 'show', kept.id, '--json')).stdout);
  assert.equal(shown.outcome.code, 'in_doubt');
  await assert.rejects(toolpost(place, 'calls', 'show', 'f'.repeat(32)), /no call has the id f{32}; toolpost calls list/);
  const again = await toolpost(place, 'call', '--durable', 'chat', JSON.stringify({ prompt: 'held' }));
  assert.match(again.stdout, /answer to held/); // whoever resumed has heard of the doubt
});

test('durable: a doubt is told once; the same once more is another call, in whatever host', bounded, async (t) => {
  const model = await startModel(t, { hold: () => model.asked.get('held') === 1 });
  const place = new Place(t).configure(config(model.url));
  await killWhileAsking(place, model, callLine(1, 'held'));
  const call = () => toolpost(place, 'call', '--durable', 'chat', JSON.stringify({ prompt: 'held' }));
  const doubted = await call().catch((error) => error);
  assert.match(doubted.stderr, /^toolpost: in_doubt: /m);
  const { calls: [kept] } = JSON.parse((await toolpost(place, 'calls', 'list', '--json')).stdout);
  assert.equal(kept.state, 'ended'); // it can still be seen
  const asked = await toolpost(place, 'calls', 'purge').catch((error) => error);
  assert.deepEqual([asked.code, /this would forget 1 calls for good/.test(asked.stderr)], [2, true]);
  assert.match((await call()).stdout, /answer to held/);
  assert.equal(model.asked.get('held'), 2);
});

test('durable: resume.in_doubt = "resend" sends it again', bounded, async (t) => {
  let first = true;
  const model = await startModel(t, { hold: () => first });
  const place = new Place(t).configure(config(model.url, '[resume]\nin_doubt = "resend"'));
  await killWhileAsking(place, model, callLine(1, 'held'));
  first = false;
  const { stdout } = await toolpost(place, 'calls', 'resume');
  assert.match(stdout, /^[0-9a-f]{32} {2}ok$/m);
  assert.equal(model.asked.get('held'), 2);
});

test('durable: whoever asks again while the call is being resumed waits for it, and nothing is asked once more', bounded, async (t) => {
  const model = await startModel(t, { hold: () => true });
  const place = new Place(t).configure(config(model.url, '[resume]\nin_doubt = "resend"'));
  await killWhileAsking(place, model, callLine(1, 'held'));
  const peer = await start(place); // it resumes the call by itself
  await model.until(() => model.asked.get('held') === 2);
  const repeat = peer.ask(callLine(2, 'held'));
  await peer.call(3, 'version', {}); // so the repeat has been taken
  model.release();
  assert.equal((await repeat).result.structuredContent.content, 'answer to held');
  assert.equal(model.asked.get('held'), 2);
  peer.close();
  await peer.exited;
  const { stdout: kept } = await toolpost(place, 'calls', 'list');
  assert.match(kept, /no call is kept/); // it was heard
});

test('durable: what was resumed and heard by nobody is there for whoever asks again', bounded, async (t) => {
  const model = await startModel(t, { hold: () => model.asked.get('held') === 1 });
  const place = new Place(t).configure(config(model.url, '[resume]\nin_doubt = "resend"'));
  await killWhileAsking(place, model, callLine(1, 'held'));
  const peer = await start(place); // it resumes the call by itself
  const kept = async () => (await toolpost(place, 'calls', 'list')).stdout;
  while (!/ ended, durable /.test(await kept()));
  assert.equal((await peer.ask(callLine(2, 'held'))).result.structuredContent.content, 'answer to held');
  assert.equal(model.asked.get('held'), 2);
  // Heard now: the same once more is another call.
  assert.equal((await peer.ask(callLine(3, 'held'))).result.structuredContent.content, 'answer to held');
  assert.equal(model.asked.get('held'), 3);
});

test('durable: a call of auto goes on with the model that it had asked, whatever auto would choose now', bounded, async (t) => {
  const [one, other] = [await startModel(t, { hold: () => one.asked.get('held') === 1 }), await startModel(t)];
  const provider = (name, { url }) => `[providers.${name}]\nbase_url = "${url}/v1"\nmodels = ["m"]\nconfig = { stream = false }\n`;
  const choosing = (name) => `${provider('one', one)}${provider('other', other)}[host]\ndefault_provider = "${name}"\n[resume]\nin_doubt = "resend"\n`;
  const place = new Place(t).configure(choosing('one'));
  await killWhileAsking(place, one, callLine(1, 'held'));
  writeFileSync(join(place.folder, 'toolpost.toml'), choosing('other'));
  const { stdout } = await toolpost(place, 'calls', 'resume');
  assert.match(stdout, /^[0-9a-f]{32} {2}ok$/m);
  assert.deepEqual([one.asked.get('held'), other.asked.size], [2, 0]);
  assert.match((await outcomes(place)).get('held'), /asked already before the host ended/);
  const next = await start(place);
  assert.equal((await next.call(2, 'chat', { prompt: 'after' })).result.structuredContent.metadata.provider_used, 'other');
});

test('durable: toolpost call --durable goes on where it was when it is called again', bounded, async (t) => {
  const model = await startModel(t, { hold: (prompt) => prompt === 'second' && model.asked.get(prompt) === 1 });
  const place = new Place(t).configure(config(model.url, '[resume]\nin_doubt = "resend"'));
  const call = ['call', '--durable', 'chat', JSON.stringify({ prompt: 'second' })];
  const child = execFile(process.env.TOOLPOST, [...place.args.slice(0, -1), ...call], { cwd: place.project, env: place.environment });
  await model.until(() => model.asked.has('second'));
  child.kill('SIGKILL');
  await once(child, 'exit');
  const { stdout } = await toolpost(place, ...call);
  assert.match(stdout, /answer to second/);
  assert.equal(model.asked.get('second'), 2);
  const { stdout: kept } = await toolpost(place, 'calls', 'list');
  assert.match(kept, /no call is kept/); // it was heard
});

test('interrupted: the same call asked again soon goes on with the answer that was there', bounded, async (t) => {
  const model = await startModel(t, { hold: (prompt) => prompt.includes('expert') });
  const place = new Place(t).configure(config(model.url));
  const prompt = 'an ordinary question';
  let peer = await start(place);
  await peer.call(1, 'chat', { prompt });
  assert.equal(model.asked.get(prompt), 1);
  // An answered call leaves nothing behind: asked again, it is another call.
  await kill(peer);
  peer = await start(place);
  await peer.call(1, 'chat', { prompt });
  assert.equal(model.asked.get(prompt), 2);
  await kill(peer);
  const { stdout } = await toolpost(place, 'calls', 'list');
  assert.match(stdout, /no call is kept/);
});

test('interrupted: a call of several models goes on with the answers that are there', bounded, async (t) => {
  let throttles = true; // so that the second model waits, with nothing sent, when the host dies
  const quick = await startModel(t);
  const slow = await startModel(t, { fail: () => throttles && { status: 429, retryAfter: 3 } });
  const provider = (name, { url }) => `[providers.${name}]\nbase_url = "${url}/v1"\nmodels = ["m"]\nconfig = { stream = false }\n`;
  const place = new Place(t).configure(`${provider('quick', quick)}${provider('slow', slow)}`);
  const ask = { step: 'Shall we?', step_number: 1, total_steps: 1, next_step_required: false, findings: 'f',
    models: [{ model: 'quick/m' }, { model: 'slow/m' }] };
  let peer = await start(place);
  const lost = peer.call(1, 'consensus', ask).catch(() => {});
  await slow.until(() => slow.asked.size === 1 && slow.open === 0);
  const kept = async () => {
    const { calls: [call] } = JSON.parse((await toolpost(place, 'calls', 'list', '--json')).stdout);
    const { answers } = JSON.parse((await toolpost(place, 'calls', 'show', call.id, '--json')).stdout);
    return answers.some(({ kind, state }) => kind === 'provider' && state === 'ok');
  };
  while (!await kept());
  await kill(peer);
  await lost;
  throttles = false;
  peer = await start(place);
  const { result } = await peer.call(1, 'consensus', ask);
  const opinions = result.structuredContent.accumulated_responses;
  assert.deepEqual(opinions.map(({ model, status }) => [model, status]), [['quick/m', 'success'], ['slow/m', 'success']]);
  for (const times of quick.asked.values()) assert.equal(times, 1);
  assert.equal([...slow.asked.values()][0], 2);
});

test('interrupted: an ordinary call in doubt is reported once, and asked anew after that', bounded, async (t) => {
  const model = await startModel(t, { hold: () => true });
  const place = new Place(t).configure(config(model.url));
  await killWhileAsking(place, model, callLine(1, 'held', false));
  const peer = await start(place);
  const { result } = await peer.call(1, 'chat', { prompt: 'held' });
  assert.equal(result.isError, true);
  assert.match(result.content[0].text, /^in_doubt: /);
  assert.equal(model.asked.get('held'), 1);
  const again = peer.call(2, 'chat', { prompt: 'held' });
  await model.until(() => model.asked.get('held') === 2);
  model.release();
  assert.match((await again).result.structuredContent.content, /answer to held/);
});

test('interrupted: with resume.repeat_window_ms = 0 the same call begins anew', bounded, async (t) => {
  const model = await startModel(t, { hold: () => model.asked.get('held') === 1 });
  const place = new Place(t).configure(config(model.url, '[resume]\nrepeat_window_ms = 0'));
  await killWhileAsking(place, model, callLine(1, 'held', false));
  const peer = await start(place);
  const { result } = await peer.call(1, 'chat', { prompt: 'held' });
  assert.match(result.structuredContent.content, /answer to held/);
  assert.equal(model.asked.get('held'), 2);
});

test('durable: a thread has each turn once, however often its host died', bounded, async (t) => {
  const model = await startModel(t);
  const place = new Place(t).configure(config(model.url, '[resume]\nin_doubt = "resend"'));
  let peer = await start(place);
  const id = (await peer.call(1, 'chat', { prompt: 'the first' })).result.structuredContent.continuation_offer.continuation_id;
  const prompts = ['the second', 'the third', 'the fourth'];
  for (const prompt of prompts) {
    peer.send({ id: prompt, method: 'tools/call', params: { name: 'chat', arguments: { prompt, continuation_id: id }, _meta: { 'toolpost/durable': true } } });
    await model.until(() => model.asked.has(prompt));
    await kill(peer);
    await toolpost(place, 'calls', 'resume');
    peer = await start(place);
  }
  // What the model is told of the thread is the thread.
  await peer.call('last', 'chat', { prompt: 'the last', continuation_id: id });
  const turns = ['the first', ...prompts].flatMap((prompt) => [prompt, `answer to ${prompt}`]);
  assert.deepEqual(model.talks.get('the last'), [...turns, 'the last']);
  await kill(peer);
  const { stdout } = await toolpost(place, 'calls', 'list');
  assert.doesNotMatch(stdout, /interrupted/);
  assert.equal(model.asked.get('the last'), 1);
});

test('store: when its file is full a durable call is refused, others go on, and the log says so once', bounded, async (t) => {
  const model = await startModel(t);
  const place = new Place(t).configure(config(model.url, '[store]\nfile_bytes_max = 131_072'));
  const peer = await start(place);
  const large = '€'.repeat(70_000); // three bytes each
  const durable = await peer.ask(callLine(1, large));
  assert.equal(durable.result.isError, true);
  assert.match(durable.result.content[0].text, /^exhausted: .*durable call.*store\.file_bytes_max = 131072/);
  assert.equal(model.asked.size, 0);
  // The answer of an ordinary call does not depend on the disk; its thread does, and says so.
  const [first, second] = await Promise.all([peer.ask(callLine(2, `${large}2`, false)), peer.ask(callLine(3, `${large}3`, false))]);
  for (const { result } of [first, second]) assert.match(result.content[0].text, /store\.file_bytes_max/);
  assert.equal(model.asked.size, 2);
  assert.equal(peer.stderr.match(/store_failed/g)?.length, 1, peer.stderr);
});

test('store: on a file that cannot be written the host says so and serves on', bounded, async (t) => {
  const model = await startModel(t);
  const place = new Place(t).configure(config(model.url, ''));
  mkdirSync(join(place.folder, 'state', 'toolpost.db')); // whoever runs this test, nobody writes to a folder
  const peer = await start(place);
  const durable = await peer.ask(callLine(1, 'durable'));
  assert.match(durable.result.content[0].text, /^unavailable: .*durable call.*toolpost\.db/);
  const { result } = await peer.ask(callLine(2, 'ordinary', false));
  assert.match(result.structuredContent?.content, /answer to ordinary/, JSON.stringify(result));
  assert.equal(peer.stderr.match(/store_unavailable/g)?.length, 1, peer.stderr);
  await assert.rejects(toolpost(place, 'calls', 'list'), /no store/);
});
