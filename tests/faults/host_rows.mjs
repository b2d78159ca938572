// Faults around the host: its client, its signals, its spawner, its resources. `run` gets a fresh server and does it all.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sanitized } from './fault_place.mjs';
import { addInnocents, innocents } from './innocents.mjs';
import { limitDescriptors, limitMemory, missing, spawnerOf } from './process_watch.mjs';
import { shiftedClock } from './shifted_clock.mjs';
import { processGroup, smallDisk } from './starving.mjs';
import { now } from './fault_server.mjs';

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
// To look at memory the sanitizer opens a pipe, and takes the failure for a broken object.
const ownPipe = { sanitized: { skip: 'the sanitizer needs descriptors of its own' } };

const failed = (beside) => ({ asked: beside.length, failed: beside.filter(({ code }) => code !== 'ok').length,
  failure: beside.find(({ code }) => code !== 'ok')?.text });
/** Calls of every kind that are under way when something happens to the host. */
const load = (server, count = 8) => [...Array(count).keys()].map((i) =>
  (i % 2 ? server.call('misbehave', { how: 'sleep_past_deadline', token: `load.${i}` }) : server.call('behave', { token: `load.${i}` })));
const answeredOnce = (answers) =>
  (answers.some(({ code }) => code === 'unanswered' || code === 'gone') ? 'a call was not answered' : undefined);

/** Asks until a call of the plugin is answered well, for at most `within`; gives how long that took. */
async function recovery(server, within) {
  const from = now();
  let answer;
  do {
    answer = await server.call('behave', { token: 'recovery' });
    if (answer.code === 'ok') return { code: 'recovered', again: answer.at - from };
  } while (now() - from < within && (await wait(20), true));
  return { code: 'lost', text: answer.text };
}

async function vanish({ server }) {
  load(server);
  server.call('misbehave', { how: 'spin', token: 'spin' });
  const beside = await innocents(server);
  server.look();
  for (const stream of server.process.stdio) stream.destroy();
  return { code: (await server.exited) === 0 ? 'ended' : 'died', beside };
}

/** Nothing is read from `stream` for a while; everything must be answered all the same, later. */
const unread = (stream, provoke) => async ({ server }) => {
  server.process[stream].pause();
  const answers = provoke(server);
  const others = innocents(server);
  await wait(200); // as long as a client may stall; nothing tells when the pipe is full
  server.process[stream].resume();
  const beside = failed(await Promise.all(answers));
  addInnocents(beside, await others);
  return { code: beside.failed ? 'failed' : 'ok', beside };
};

async function cancelStorm({ server }) {
  const ids = [...Array(200).keys()].map((i) => `storm.${i}`);
  for (const id of ids) {
    const params = { name: 'misbehave', arguments: { how: 'pause', token: id } };
    server.write(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })}\n`);
  }
  const others = innocents(server);
  for (const id of ids) server.cancel(id);
  const beside = await innocents(server);
  addInnocents(beside, await others);
  return { code: server.strays === 0 ? 'cancelled' : 'answered', beside };
}

/** Calls of both configurations run side by side; none may notice. */
async function reload({ server, place }) {
  const calls = load(server);
  const beside = { asked: 0, failed: 0 };
  for (let number = 0; number < 5; ++number) {
    appendFileSync(place.configFile, `\n# change ${number}\n`);
    server.process.kill('SIGHUP');
    addInnocents(beside, await innocents(server));
  }
  return { code: beside.failed ? 'failed' : 'ok', beside, problem: answeredOnce(await Promise.all(calls)) };
}

async function terminate({ server }) {
  const calls = load(server, 12);
  const beside = await innocents(server); // those that are asked later may be told that the host ends
  server.look();
  server.process.kill('SIGTERM');
  const answers = await Promise.all(calls);
  const status = await server.exited;
  return { code: status === 0 ? 'ended' : `${status}`, beside, problem: answeredOnce(answers) };
}

async function kill({ server }) {
  load(server);
  // A sanitizer's sandbox has to permit what this one needs, so there it would succeed.
  server.call('misbehave', { how: sanitized ? 'spin' : 'outlive', token: 'outlive' });
  const beside = await innocents(server);
  server.look();
  server.process.kill('SIGKILL');
  return { code: `${await server.exited}`, beside };
}

async function stopHost({ server, limits }) {
  const spinning = server.call('misbehave', { how: 'spin', token: 'spin' });
  const calls = load(server);
  server.process.kill('SIGSTOP');
  const meanwhile = innocents(server);
  await wait(limits.stop);
  server.process.kill('SIGCONT');
  const beside = await innocents(server);
  addInnocents(beside, await meanwhile);
  const answers = await Promise.all([spinning, ...calls]);
  return { code: answers[0].code, beside, problem: answeredOnce(answers) };
}

/** `kinds` of innocent calls can be answered meanwhile: those whose workers live on, or come back in time. */
const loseSpawner = (signal, kinds) => async ({ server }) => {
  await innocents(server);
  const calls = load(server);
  server.look();
  process.kill(spawnerOf(server), signal);
  const meanwhile = innocents(server, kinds);
  const crash = server.call('misbehave', { how: 'abort', token: 'abort' }); // needs a new worker
  const recovered = await recovery(server, 8000);
  const beside = await innocents(server);
  addInnocents(beside, await meanwhile);
  return { ...recovered, beside, problem: answeredOnce(await Promise.all([crash, ...calls])) };
};

/** With so many descriptors left, workers are lost and new ones cannot be made; then there are enough again. */
const starveDescriptors = (left) => async ({ server }) => {
  await innocents(server);
  limitDescriptors(server.pid, server.descriptors + left);
  const calls = ['abort', 'spin', 'null'].map((how) => server.call('misbehave', { how, token: how }));
  const answers = [...await Promise.all(calls), await server.call('behave', { token: 'starved' })];
  const beside = await innocents(server, ['echo', 'echo']);
  if (server.process.exitCode === null) limitDescriptors(server.pid, 1024);
  return { ...await recovery(server, 5000), beside, problem: answeredOnce(answers) };
};

/** With so many MiB of address space left, calls large and small come; each is answered, and then there is memory again. */
const starveMemory = (left) => async ({ server }) => {
  await innocents(server);
  limitMemory(server.pid, server.addressSpace * 1024 + left * (1 << 20));
  const large = 'x'.repeat(3_000_000);
  const calls = [
    ...[1, 2, 3, 4].map(() => server.call('echo', { text: large })),
    ...['abort', 'spin', 'flood', 'log_without_end'].map((how) => server.call('misbehave', { how, token: how })),
    ...load(server),
    server.ask('tools/list', {}),
  ];
  const answers = await Promise.all(calls);
  if (server.process.signalCode === null) limitMemory(server.pid, 'unlimited');
  const recovered = await recovery(server, 2000);
  const beside = await innocents(server);
  const noticed = answers.some(({ code }) => code === 'shed') ? undefined : 'no call was refused for want of memory';
  return { ...recovered, beside, problem: answeredOnce(answers) ?? noticed };
};

async function starveForks({ server }) {
  const group = processGroup(spawnerOf(server));
  if (!group) return { code: 'skipped' };
  try {
    await innocents(server);
    group.limit(1);
    const crash = await server.call('misbehave', { how: 'abort', token: 'abort' });
    const answers = [crash, await server.call('behave', { token: 'starved' })];
    const beside = await innocents(server, ['echo', 'echo']);
    group.limit('max');
    return { ...await recovery(server, 5000), beside, problem: answeredOnce(answers) };
  } finally {
    group.remove();
  }
}

async function fillDisk({ place, start }) {
  const disk = smallDisk(place.state, 256);
  if (!disk) return { code: 'skipped' };
  try {
    const server = await start();
    const step = { step: 's', step_number: 1, total_steps: 2, next_step_required: true, findings: 'x'.repeat(100_000) };
    await innocents(server);
    disk.fill();
    const noise = server.call('misbehave', { how: 'log_without_end', token: 'noise' }); // the log lies there too
    const starved = await server.call('debug', step);
    const beside = await innocents(server);
    disk.free();
    const again = await server.call('debug', step);
    const code = again.code === 'ok' ? 'recovered' : 'lost';
    return { code, text: again.text, beside, problem: answeredOnce([starved, await noise]) };
  } finally {
    disk.remove();
  }
}

/** When the last whole line of a log file was written; 0 if it has none. */
function lastLogged(file) {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return Date.parse(/"time":"([^"]+)"/.exec(lines.at(-2) ?? '')?.[1] ?? 0);
}

/** The log has a disk of its own, which `fill` makes full while there is much to log; then there is room again. */
const fillLog = (fill) => async ({ place, start }) => {
  const folder = join(place.folder, 'log');
  mkdirSync(folder);
  const disk = smallDisk(folder, 1, 16);
  if (!disk) return { code: 'skipped' };
  const file = join(folder, 'log.jsonl');
  // Smaller than what is logged meanwhile, so that it is to be rotated too.
  appendFileSync(place.configFile, `\n[log]\nlevel = "debug"\nfile = "${file}"\nfile_bytes_max = 131_072\nold_files_max = 2\n`);
  try {
    const server = await start();
    const chatter = (token) => server.call('misbehave', { how: 'log_without_end', token });
    disk[fill]();
    const starved = [chatter('full.1'), chatter('full.2')];
    const beside = await innocents(server);
    await Promise.all(starved);
    disk.free();
    const freed = Date.now();
    const until = now() + 2000;
    do {
      starved.push(chatter(`free.${now()}`));
      await starved.at(-1);
    } while (lastLogged(file) < freed && now() < until);
    addInnocents(beside, await innocents(server));
    const answers = await Promise.all(starved);
    const failure = answers.find(({ code }) => code !== 'ok');
    const code = failure?.code ?? (lastLogged(file) < freed ? 'silent' : 'recovered');
    return { code, text: failure?.text ?? 'nothing is logged any more', beside };
  } finally {
    disk.remove();
  }
};

/** Calls of every kind run across each jump. None may end before its limit, and none may not end. */
async function jumpClock({ place, start, limits }) {
  const clock = shiftedClock(place.folder);
  const file = join(place.folder, 'log.jsonl');
  appendFileSync(place.configFile, `\n[log]\nlevel = "debug"\nfile = "${file}"\n`);
  place.within = clock.within;
  const server = await start();
  const beside = { asked: 0, failed: 0 };
  const slow = server.call('misbehave', { how: 'sleep_past_deadline', token: 'sleep' });
  const turns = [];
  let problem;
  for (const hours of [1, -1, 0]) {
    const turn = server.call('misbehave', { how: 'spin', token: `spin.${hours}` });
    const across = innocents(server);
    clock.set(hours);
    addInnocents(beside, await across);
    addInnocents(beside, await innocents(server));
    await server.call('misbehave', { how: 'log_without_end', token: `log.${hours}` });
    const seen = (lastLogged(file) - Date.now()) / 3_600_000;
    if (Math.abs(seen - hours) > 0.5) problem = `the host's clock was ${seen.toFixed(2)} hours on instead of ${hours}`;
    turns.push(await turn);
  }
  const answer = await slow;
  clock.close();
  for (const turn of turns) {
    if (turn.code !== 'hung') problem = `a turn that hangs: ${turn.code} ${turn.text}`;
    if (turn.at - turn.sent < limits.turn) problem = `a turn ended after ${Math.round(turn.at - turn.sent)} ms`;
  }
  if (answer.at - answer.sent < limits.ceiling) problem = `the call ended after ${Math.round(answer.at - answer.sent)} ms`;
  return { code: answer.code, text: answer.text, beside, problem, overshoot: answer.at - answer.sent - limits.ceiling };
}

/** Two plugins hold the only two places with idle workers; a third one's call must get one of them. */
async function takePlaces({ server }) {
  const others = innocents(server);
  const answer = await server.call('version', {});
  return { code: answer.code, text: answer.text, beside: await others };
}

const row = (id, what, expect, run, more) => ({ id, what, expect: [expect].flat(), run, ...more });
const floods = (how) => (server) => [...Array(8).keys()].map((i) => server.call('misbehave', { how, token: `${how}.${i}` }));
const lists = (server) => [...Array(2000).keys()].map(() => server.ask('tools/list', {}));

export const hostRows = [
  row('client_vanishes', 'the client closes every pipe in the middle of calls', ['ended'], vanish),
  row('answers_unread', 'the client reads no answers for a while', 'ok', unread('stdout', lists)),
  row('log_unread', 'nobody reads the log while plugins flood it', 'ok', unread('stderr', floods('log_without_end'))),
  row('cancel_storm', '200 calls that hang are cancelled at once', 'cancelled', cancelStorm),
  row('sigterm', 'SIGTERM in the middle of calls', 'ended', terminate),
  row('sigkill', 'SIGKILL in the middle of calls', 'SIGKILL', kill),
  row('stop_host', 'the host is stopped for a while', 'hung', stopHost),
  row('kill_spawner', 'the spawner is killed', 'recovered', loseSpawner('SIGKILL', ['behave', 'echo', 'echo'])),
  row('stop_spawner', 'the spawner is stopped', 'recovered', loseSpawner('SIGSTOP', ['echo', 'echo'])),
  ...[0, 1, 2, 3, 4, 5, 6].map((left) => row(`descriptors_${left}`, `the host has ${left} descriptors left`, 'recovered',
    starveDescriptors(left), { skip: missing('prlimit'), ...ownPipe })),
  row('no_forks', 'the spawner cannot fork', ['recovered', 'skipped'], starveForks),
  row('places_taken', 'idle workers of other plugins take every place', 'ok', takePlaces,
    { workers: 'total_max = 2' }),
  row('disk_full', 'the disk of the state folder and its log is full', ['recovered', 'skipped'], fillDisk, { starts: true }),
  row('log_disk_full', 'the disk of the log is full, that of the state folder is not', ['recovered', 'skipped'],
    fillLog('fill'), { starts: true }),
  row('log_disk_no_files', 'the disk of the log takes no further file', ['recovered', 'skipped'],
    fillLog('fillFiles'), { starts: true }),
  ...[0, 8, 32].map((left) => row(`memory_${left}`, `the host gets ${left ? `${left} MiB and then no` : 'no'} more memory`,
    'recovered', starveMemory(left), { skip: missing('prlimit'), sanitized: { skip: 'a sanitizer needs address space without limit' } })),
  row('clock_jump', 'the clock jumps an hour on, two back and one on again', 'deadline', jumpClock,
    { starts: true }),
  row('reload', 'the configuration changes five times under load', 'ok', reload),
];
