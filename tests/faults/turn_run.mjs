// Runs the rows of turn_rows.mjs on one server that lives through all of them.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { FaultPlace, adapted } from './fault_place.mjs';
import { FaultServer, now } from './fault_server.mjs';
import { addInnocents, innocents } from './innocents.mjs';
import { RowResult } from './measuring.mjs';
import { startUpstream, status } from './upstream_server.mjs';

// Idle workers are kept for longer than a row takes; a fault's worker shall end by the fault alone. Each fault has its
// turn, however many crashed before.
const config = ({ turnMax, ceiling }, origin) => `
[turns]
turn_max_ms = ${turnMax}
[workers]
slow_turn_ms = 20
memory_bytes_max = 134_217_728
[quarantine]
enabled = false
[plugins."test.misbehave"]
ceiling_ms = ${ceiling}
grant = ["http"]
http_origins = ["${origin}"]
`;

/** A server that plugins may ask, and how often they did. */
async function startAsked() {
  const asked = { count: 0 };
  const server = await startUpstream({ respond: (socket) => {
    asked.count += 1;
    socket.end(status('200 OK', [], '{}'));
  } });
  return Object.assign(asked, { origin: `http://${server.address}`, close: server.close });
}

async function runOnce({ server, place, asked }, row, number, limits) {
  const token = `${row.id}.${number}`;
  const args = { how: row.how, token };
  if (row.fifo) args.path = join(place.folder, 'fifo');
  if (row.asks !== undefined) args.url = `${asked.origin}/${token}`;
  const before = asked.count;
  const faulty = server.call('misbehave', args);
  const beside = innocents(server);
  const answer = await faulty;
  const next = await server.call('behave', { token });
  const run = { code: answer.code, text: answer.text, beside: await beside };
  if (row.limit) run.overshoot = answer.at - answer.sent - limits[row.limit];
  if (row.notices && server.begun.has(token)) run.noticed = answer.at - server.begun.get(token);
  server.begun.delete(token);
  if (next.code === 'ok') run.again = next.at - answer.at;
  else run.problem = `the next call: ${next.code} ${next.text}`;
  if (answer.code === 'ok' && row.worked !== undefined && answer.value?.worked !== row.worked)
    run.problem = `${answer.value?.worked} of its attempts worked`;
  if (row.lingers) {
    // What the fault left behind strikes in 20 ms, in whatever call runs then.
    const until = now() + 40;
    while (now() < until) addInnocents(run.beside, await innocents(server));
  }
  const asks = asked.count - before;
  if (asks !== (row.asks ?? 0)) run.problem = `${asks} of its effects were performed`;
  return run;
}

/** Without the three that each live worker has: its socket, its output and its pidfd. The spawner counts as one, always. */
const spareDescriptors = (server) => server.descriptors - 3 * server.workers.length;

/** Gives a RowResult per row, and what the whole group did to the server. */
export async function runTurnRows(rows, runs, limits, report) {
  const asked = await startAsked();
  const place = new FaultPlace({ plugins: ['misbehave'], config: config(limits, asked.origin) });
  execFileSync('mkfifo', [join(place.folder, 'fifo')]);
  const server = await new FaultServer(place).initialize();
  const results = [];
  try {
    if (runs > 1) await server.allOpened(); // or that would count as growth
    for (let i = 0; i < 20; ++i) await innocents(server);
    const descriptors = spareDescriptors(server);
    const memory = server.memory;
    for (const row of rows.map(adapted)) {
      const result = new RowResult('turn', row);
      for (let number = 0; number < runs && !row.skip; ++number)
        result.add(await runOnce({ server, place, asked }, row, number, limits), server.memory);
      results.push(result);
      report(result);
    }
    const growth = server.memory - memory;
    return { results, whole: { strays: server.strays, descriptors: spareDescriptors(server) - descriptors, growth } };
  } finally {
    await server.end();
    place.remove();
    asked.close();
  }
}
