// Running Toolpost: its state seen from another process, a configuration and keys that change while calls run, and what is
// left behind by a worker that dies.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { Place, bounded } from './place.mjs';
import { RawPeer } from './raw_peer.mjs';

/** A model server that keeps each request until `answer()`; `authorizations` are their headers. */
async function startModel(t) {
  const authorizations = [];
  const waiting = [];
  const arrivals = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      authorizations.push(request.headers.authorization ?? null);
      waiting.push(response);
      arrivals.shift()?.();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { server.closeAllConnections(); server.close(); });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    authorizations,
    /** Resolves once a request has come; ask before it can. */
    arrival: () => new Promise((resolve) => arrivals.push(resolve)),
    answer(content) {
      const body = JSON.stringify({ id: 'c', object: 'chat.completion', model: 'm', usage: { prompt_tokens: 21, completion_tokens: 3 },
        choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }] });
      waiting.shift().writeHead(200, { 'content-type': 'application/json' }).end(body);
    },
  };
}

const config = (url, { provider = '', name = 'upstream' } = {}) => `
[providers.${name}]
base_url = "${url}/v1"
models = ["m"]
config = { stream = false }
${provider}
`;

async function start(t, toml, environment) {
  const place = new Place(t).configure(toml);
  const peer = new RawPeer(place, environment);
  await peer.initialize();
  return { place, peer };
}

/** The same with a plugin that misbehaves in every way, dropped in. */
async function startFaulty(t) {
  const place = new Place(t);
  const folder = join(place.folder, 'plugins');
  mkdirSync(folder, { mode: 0o755 });
  copyFileSync(join(dirname(process.env.TOOLPOST), '../tests/plugins/faulty.so'), join(folder, 'faulty.so'));
  place.configure(`[host]\nplugin_folders = ["${folder}"]\n`);
  const peer = new RawPeer(place);
  await peer.initialize();
  return { place, peer };
}

/** Waits for words on the server's standard error, from what it has written so far on. */
async function said(peer, words) {
  while (!words.test(peer.stderr)) await once(peer.process.stderr, 'data');
}

function run(place, ...args) {
  const state = ['--state-dir', join(place.folder, 'state')];
  const ended = spawnSync(process.env.TOOLPOST, [...state, ...args], { env: place.environment, cwd: place.project, encoding: 'utf8' });
  return { status: ended.status, out: ended.stdout, err: ended.stderr };
}

/** Replaces the configuration as an editor does, then sends the signal. */
function reconfigure(place, peer, toml) {
  const path = join(place.folder, 'toolpost.toml');
  writeFileSync(`${path}.new`, toml);
  renameSync(`${path}.new`, path);
  peer.process.kill('SIGHUP');
}

test('status: another process sees the host, its calls and their outcomes; no other user could', bounded, async (t) => {
  const { place, peer } = await start(t, '');
  await peer.call(1, 'echo', { text: 'hello' });
  await peer.call(2, 'echo', { wrong: 'hello' });
  const hosts = JSON.parse(run(place, 'status', '--json').out);
  assert.equal(hosts.length, 1);
  assert.equal(hosts[0].pid, peer.process.pid);
  assert.equal(hosts[0].configuration, 1);
  assert.match(run(place, 'status').out, new RegExp(`^host .*\\n${peer.process.pid} +\\d+ s +0 +0 +\\d+ `));
  const metrics = run(place, 'status', '--metrics').out;
  assert.match(metrics, /^toolpost_calls_total\{host="[^"]+",outcome="ok"\} 1$/m);
  assert.match(metrics, /^toolpost_calls_total\{host="[^"]+",outcome="invalid_input"\} 1$/m);
  assert.match(metrics, /^toolpost_call_duration_seconds_count\{host="[^"]+",tool="echo",outcome="ok"\} 1$/m);
  assert.match(metrics, /^toolpost_sanitizer_actions_total\{host="[^"]+",action="refused_schema"\} 1$/m);
  assert.match(metrics, /^toolpost_deadline_overshoot_seconds_bucket\{host="[^"]+",le="0"\} 2$/m);
  assert.match(metrics, /^toolpost_calls_running\{host="[^"]+"\} 0$/m);
  const folder = join(place.folder, 'state/hosts');
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  const [socket] = readdirSync(folder);
  assert.equal(statSync(join(folder, socket)).mode & 0o777, 0o600);
  peer.close();
  await peer.exited;
  assert.deepEqual(readdirSync(folder), []);
  assert.equal(run(place, 'status').status, 1);
});

test('status: the socket of a host that was killed is removed by the next look', bounded, async (t) => {
  const { place, peer } = await start(t, '');
  peer.process.kill('SIGKILL');
  await peer.exited;
  const folder = join(place.folder, 'state/hosts');
  assert.equal(readdirSync(folder).length, 1);
  assert.match(run(place, 'status').err, /no host is running/);
  assert.deepEqual(readdirSync(folder), []);
});

test('status --watch: one picture after the other, each of what is so by then, until it is interrupted', bounded, async (t) => {
  const model = await startModel(t);
  const { place, peer } = await start(t, config(model.url));
  const watch = spawn(process.env.TOOLPOST, ['--state-dir', join(place.folder, 'state'), 'status', '--watch'], { env: place.environment });
  t.after(() => watch.kill('SIGKILL'));
  let out = '';
  watch.stdout.on('data', (data) => { out += data; });
  const shows = async (calls) => {
    const row = new RegExp(`^${peer.process.pid} +\\d+ s +${calls} +0 `, 'm');
    for (out = ''; !row.test(out);) await once(watch.stdout, 'data');
  };
  await shows(0);
  const arrival = model.arrival();
  const call = peer.call(1, 'chat', { prompt: 'hello' });
  await arrival;
  await shows(1);
  while (!/^host \d+: chat, for \d+ s: waiting for provider, \d+ s left$/m.test(out)) await once(watch.stdout, 'data');
  model.answer('Hi.');
  await call;
  await shows(0);
  watch.kill('SIGINT');
  assert.deepEqual(await once(watch, 'exit'), [null, 'SIGINT']);
});

test('status: attempts, tokens and retries are counted by provider and model', bounded, async (t) => {
  const model = await startModel(t);
  const { place, peer } = await start(t, config(model.url));
  const arrival = model.arrival();
  const call = peer.call(1, 'chat', { prompt: 'hello' });
  await arrival;
  assert.match(run(place, 'status', '--metrics').out, /^toolpost_calls_running\{host="[^"]+"\} 1$/m);
  model.answer('Hi.');
  const { result } = await call;
  assert.equal(result._meta['toolpost/call'].tokens, 24);
  const metrics = run(place, 'status', '--metrics').out;
  assert.match(metrics, /^toolpost_attempt_duration_seconds_count\{host="[^"]+",provider="upstream",model="m",outcome="ok"\} 1$/m);
  assert.match(metrics, /^toolpost_tokens_total\{host="[^"]+",provider="upstream",model="m",direction="input"\} 21$/m);
  assert.match(metrics, /^toolpost_effects_total\{host="[^"]+",kind="provider",outcome="ok"\} 1$/m);
  assert.doesNotMatch(metrics, /^toolpost_retries_total\{/m);
});

test('reload: a running call finishes on the old configuration, the next one meets the new', bounded, async (t) => {
  const model = await startModel(t);
  const { place, peer } = await start(t, config(model.url));
  const arrival = model.arrival();
  const running = peer.call(1, 'chat', { prompt: 'hello' });
  await arrival;
  reconfigure(place, peer, '');
  await said(peer, /config_reloaded/);
  const next = (await peer.call(2, 'chat', { prompt: 'hello' })).result;
  assert.equal(next.isError, true);
  assert.match(next.content[0].text, /no model provider is configured/);
  const [host] = JSON.parse(run(place, 'status', '--json').out);
  assert.equal(host.configuration, 2);
  assert.equal(host.earlier_configurations, 1);
  model.answer('From before.');
  const { result } = await running;
  assert.equal(result.structuredContent.content, 'From before.');
  const [after] = JSON.parse(run(place, 'status', '--json').out);
  assert.equal(after.earlier_configurations, 0);
  assert.equal(after.pid, peer.process.pid);
});

test('reload: a bad file changes nothing and is reported', bounded, async (t) => {
  const { place, peer } = await start(t, '[limits]\ndepth_max = 5\n');
  reconfigure(place, peer, '[limits]\ndept_max = 6\n[retry]\nattempts_max = 0\n');
  await said(peer, /config_refused/);
  assert.match(peer.stderr, /toolpost\.toml:2:1: unknown setting limits\.dept_max; did you mean limits\.depth_max\?/);
  assert.match(peer.stderr, /toolpost\.toml:4:1: retry\.attempts_max must be/);
  assert.equal((await peer.call(1, 'echo', { text: 'still here' })).result.structuredContent.text, 'still here');
  const told = run(place, 'status').out;
  assert.match(told, /its configuration was not reloaded:\n.*dept_max/);
  assert.match(told, /no\. 1\n/);
  reconfigure(place, peer, '[limits]\ndepth_max = 6\n');
  await said(peer, /config_reloaded/);
  assert.doesNotMatch(run(place, 'status').out, /not reloaded/);
});

test('reload: a file that names what no plugin has changes nothing, and config check says where', bounded, async (t) => {
  const model = await startModel(t);
  const { place, peer } = await start(t, config(model.url));
  const file = join(place.folder, 'toolpost.toml');
  writeFileSync(file, `${config(model.url)}plugin = "opnai"\n[plugins."dev.toolpost.chat"]\ngrant = ["provder"]\n`);
  const check = run(place, '--config', file, 'config', 'check');
  assert.equal(check.status, 2);
  assert.match(check.err, /toolpost\.toml:7: providers\.upstream\.plugin: .* did you mean "openai"\?/);
  assert.match(check.err, /toolpost\.toml:9: plugins\."dev\.toolpost\.chat"\.grant: .* did you mean "provider"\?/);
  peer.process.kill('SIGHUP');
  await said(peer, /config_refused/);
  assert.match(peer.stderr, /opnai.*nothing was changed/s);
  const arrival = model.arrival();
  const call = peer.call(1, 'chat', { prompt: 'hello' });
  await arrival;
  model.answer('Still here.');
  assert.equal((await call).result.structuredContent.content, 'Still here.');
});

test('reload: plugins that were dropped in meanwhile are offered', bounded, async (t) => {
  const folder = (place) => join(place.folder, 'home/.local/share/toolpost/plugins');
  const { place, peer } = await start(t, '');
  const names = async (id) => (await peer.ask({ id, method: 'tools/list' })).result.tools.map((tool) => tool.name);
  assert.ok(!(await names(1)).includes('fine'));
  mkdirSync(folder(place), { recursive: true, mode: 0o755 });
  copyFileSync(join(dirname(process.env.TOOLPOST), '../tests/plugins/faulty.so'), join(folder(place), 'faulty.so'));
  chmodSync(join(folder(place), 'faulty.so'), 0o644);
  const told = peer.next(({ method }) => method === 'notifications/tools/list_changed');
  peer.process.kill('SIGHUP');
  await said(peer, /config_reloaded/);
  await told;
  assert.ok((await names(2)).includes('fine'));
  assert.equal((await peer.call(3, 'fine', {})).result.isError ?? false, false);
});

test('keys: a new one in its file is used after SIGHUP, without a restart; an unreadable one changes nothing', bounded, async (t) => {
  const model = await startModel(t);
  const place = new Place(t);
  const key = join(place.folder, 'key');
  writeFileSync(key, 'first-key-0001\n', { mode: 0o600 });
  place.configure(config(model.url, { provider: `key = { file = "${key}" }` }));
  const peer = new RawPeer(place);
  await peer.initialize();
  let id = 0;
  const ask = async () => {
    const arrival = model.arrival();
    const call = peer.call(++id, 'chat', { prompt: 'hello' });
    await arrival;
    model.answer('Hi.');
    assert.equal((await call).result.isError ?? false, false);
  };
  await ask();
  writeFileSync(key, 'second-key-002\n');
  peer.process.kill('SIGHUP');
  await said(peer, /config_reloaded/);
  await ask();
  chmodSync(key, 0o644);
  peer.process.kill('SIGHUP');
  await said(peer, /config_refused.*run chmod 600 on it/);
  await ask();
  assert.deepEqual(model.authorizations, ['Bearer first-key-0001', 'Bearer second-key-002', 'Bearer second-key-002']);
  assert.doesNotMatch(peer.stderr, /-key-/);
});

test('keys: a command gives one', bounded, async (t) => {
  const model = await startModel(t);
  const { peer } = await start(t, config(model.url, { provider: 'key = { command = ["/bin/echo", "from-a-command"] }' }));
  const arrival = model.arrival();
  const call = peer.call(1, 'chat', { prompt: 'hello' });
  await arrival;
  model.answer('Hi.');
  await call;
  assert.deepEqual(model.authorizations, ['Bearer from-a-command']);
});

test('doctor: --probe asks each provider, and says which one does not answer', bounded, async (t) => {
  const model = await startModel(t);
  const place = new Place(t);
  const file = join(place.folder, 'toolpost.toml');
  writeFileSync(file, config(model.url) + config('http://127.0.0.1:1', { name: 'silent', provider: 'attempts_max = 1' }));
  const arrival = model.arrival();
  const doctor = spawn(process.env.TOOLPOST, ['--config', file, '--state-dir', join(place.folder, 'state'), 'doctor', '--probe', '--json'],
    { env: place.environment, cwd: place.project });
  let out = '';
  doctor.stdout.setEncoding('utf8').on('data', (text) => { out += text; });
  const closed = once(doctor, 'close');
  await arrival;
  model.answer('ready');
  const [status] = await closed;
  assert.equal(status, 1);
  const { good, findings } = JSON.parse(out);
  assert.equal(good, false);
  const about = (words) => findings.filter((one) => words.test(one.what));
  assert.equal(about(/m answered in \d+ ms/)[0].subject, 'provider upstream');
  assert.equal(about(/did not answer \(unavailable/)[0].subject, 'provider silent');
});

test('a plugin that reaches for what it was not given is named by the log, once, and by status', bounded, async (t) => {
  const { place, peer } = await startFaulty(t);
  for (const id of [1, 2]) {
    const { result } = await peer.call(id, 'attack', {});
    assert.equal(result.structuredContent.socket, 'denied');
  }
  assert.equal(peer.stderr.match(/plugin_refused detail="test\.faulty: kernel\.network: it tried to use a socket/g)?.length, 1);
  assert.match(run(place, 'status').out, /: plugin test\.faulty was refused what it reached for: .*kernel\.network \(2\)/);
});

test('crash reports: a worker that dies leaves its signal, method, last effect and last words', bounded, async (t) => {
  const { place, peer } = await startFaulty(t);
  const { result } = await peer.call(1, 'abort', {});
  assert.match(result.content[0].text, /^crashed: /);
  await said(peer, /crash_report/);
  const crashes = join(place.folder, 'state/crashes');
  const [report] = readdirSync(crashes).filter((name) => name.endsWith('.txt'));
  assert.equal(statSync(join(crashes, report)).mode & 0o777, 0o600);
  const text = readFileSync(join(crashes, report), 'utf8');
  assert.match(text, /^how: ".*crashed \(signal 6, Aborted\)"$/m);
  assert.match(text, /^method: "abort"$/m);
  assert.match(text, /^last effect: "none"$/m);
  assert.match(text, /^last lines:$/m);
  const again = run(place, '--config', join(place.folder, 'toolpost.toml'), ...text.match(/^again: toolpost (.*)$/m)[1].split(' '));
  assert.match(again.err, /^toolpost: crashed: .*signal 6/m);
  assert.equal(again.status, 0, 'it ends as it did');
  const metrics = run(place, 'status', '--metrics').out;
  assert.match(metrics, /^toolpost_workers_ended_total\{host="[^"]+",reason="crashed"\} 2$/m);
  assert.match(metrics, /^toolpost_turn_reruns_total\{host="[^"]+"\} 1$/m);
});

test('log: without log.file the lines are kept in the state folder, a file for each host', bounded, async (t) => {
  const { place, peer } = await start(t, '');
  await peer.call(1, 'echo', { text: 'hello' });
  peer.close();
  await peer.exited;
  const logs = join(place.folder, 'state/logs');
  const [log] = readdirSync(logs);
  assert.equal(log, `${peer.process.pid}.jsonl`);
  assert.equal(statSync(join(logs, log)).mode & 0o777, 0o600);
  for (const line of readFileSync(join(logs, log), 'utf8').trim().split('\n')) JSON.parse(line);
  execFileSync(process.env.TOOLPOST, ['--state-dir', join(place.folder, 'state'), 'call', 'echo', '{"text":"x"}'], { env: place.environment });
  assert.deepEqual(readdirSync(logs), [log]); // a command of a moment leaves none
});
