// Runs the rows of upstream_rows.mjs. A server for each row, or for each run where a fault outlives its call by intent
// (a closed gate, an open breaker); only there the breaker is on. The innocent chats beside go to a second provider that answers well.
import { FaultPlace, adapted } from './fault_place.mjs';
import { FaultServer } from './fault_server.mjs';
import { addInnocents, innocents } from './innocents.mjs';
import { RowResult } from './measuring.mjs';
import { startGoodUpstream, startUpstream } from './upstream_server.mjs';

const config = (row, bad, good, limits) => `
[retry]
backoff_base_ms = 1
backoff_max_ms = 2
attempt_min_ms = 50
${row.fresh ? '' : '[breaker]\nenabled = false'}
[http]
connect_ms = ${limits.http}
first_byte_ms = ${limits.http}
stream_idle_ms = ${limits.http}
${bad.caFile ? `ca_file = "${bad.caFile}"` : ''}
[ceilings]
provider_ms = ${limits.provider}
tool_ms = 6000
expert_ms = 7000
daemon_ms = 8000
[providers.bad]
base_url = "${row.tls ? 'https' : 'http'}://${bad.address}/v1"
models = ["m"]
${row.calls ? '' : `attempts_max = ${row.attempts ?? 1}`}
${row.plugin ? `plugin = "${row.plugin}"` : ''}
ceiling_ms = ${limits.provider}
${row.stream === false ? '[providers.bad.config]\nstream = false' : ''}
[providers.good]
base_url = "http://${good.address}/v1"
models = ["m"]
ceiling_ms = 0
`;

const kinds = ['chat', 'echo', 'echo'];

/** Answers each request with the row's refusal, and counts them. */
const refusing = (row, asked) => (socket) => {
  asked.count += 1;
  socket.end(row.refusal());
};

async function withServer(row, runs, limits, use) {
  const asked = { count: 0 };
  const respond = row.refusal ? refusing(row, asked) : row.responder ? row.responder() : row.respond;
  const bad = await (row.start ? row.start() : startUpstream({ respond, greet: row.greet }));
  const good = await startGoodUpstream();
  const place = new FaultPlace({ config: config(row, bad, good, limits), within: bad.within });
  const server = new FaultServer(place);
  try {
    await server.initialize();
    if (runs > 1 && !row.fresh) await server.allOpened(); // or that would count as growth
    await innocents(server, kinds);
    await use(server, asked);
  } finally {
    await server.end();
    place.remove();
    bad.close();
    good.close();
  }
}

/** One call after the other, or all together; gives the last answer that is not as the row says, or the last. */
async function refuseAll(server, row, limits, asked) {
  const answers = [];
  const beside = { asked: 0, failed: 0 };
  const ask = async () => {
    const faulty = server.call('chat', { prompt: 'why is the sky blue?', model: 'bad/m' });
    addInnocents(beside, await innocents(server, kinds));
    answers.push(await faulty);
  };
  if (row.together) await Promise.all([...Array(row.calls)].map(ask));
  else for (let number = 0; number < row.calls; ++number) await ask();
  const { code, text } = answers.findLast((answer) => !row.expect.includes(answer.code)) ?? answers.at(-1);
  const late = answers.find((answer) => answer.at - answer.sent > limits.provider);
  const run = { code, text, beside };
  if (late) run.problem = `${late.code} only after ${Math.round(late.at - late.sent)} ms`;
  if (asked.count !== row.asks) run.problem = `the server was asked ${asked.count} times, not ${row.asks}`;
  return run;
}

async function runOnce(server, row, limits, asked) {
  if (row.calls) return refuseAll(server, row, limits, asked);
  const faulty = server.call('chat', { prompt: 'why is the sky blue?', model: 'bad/m' });
  const beside = innocents(server, kinds);
  const answer = await faulty;
  const next = await innocents(server, ['chat']);
  const run = { code: answer.code, text: answer.text, beside: await beside };
  if (row.limit) run.overshoot = answer.at - answer.sent - limits[row.limit];
  if (row.waits && answer.at - answer.sent < row.waits) run.problem = `asked again before the ${row.waits} ms were over`;
  if (next.failed) run.problem = `the next call: ${next.failure}`;
  return run;
}

export async function runUpstreamRows(rows, runs, limits, report) {
  const results = [];
  for (const row of rows.map(adapted)) {
    const result = new RowResult('upstream', row);
    const servers = row.skip ? 0 : row.fresh ? runs : 1;
    for (let i = 0; i < servers; ++i) {
      await withServer(row, runs, limits, async (server, asked) => {
        if (row.fresh) return result.add(await runOnce(server, row, limits, asked));
        for (let number = 0; number < runs; ++number) result.add(await runOnce(server, row, limits), server.memory);
      });
    }
    results.push(result);
    report(result);
  }
  return results;
}
