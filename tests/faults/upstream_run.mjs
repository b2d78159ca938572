// Runs the rows of upstream_rows.mjs. A server for each row, or for each run where a fault outlives its call by intent
// (a closed gate). The innocent chats beside go to a second provider that answers well.
import { FaultPlace, adapted } from './fault_place.mjs';
import { FaultServer } from './fault_server.mjs';
import { innocents } from './innocents.mjs';
import { RowResult } from './measuring.mjs';
import { startGoodUpstream, startUpstream } from './upstream_server.mjs';

const config = (row, bad, good, limits) => `
[retry]
backoff_base_ms = 1
backoff_max_ms = 2
attempt_min_ms = 50
[breaker]
enabled = false
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
attempts_max = ${row.attempts ?? 1}
ceiling_ms = ${limits.provider}
${row.stream === false ? '[providers.bad.config]\nstream = false' : ''}
[providers.good]
base_url = "http://${good.address}/v1"
models = ["m"]
ceiling_ms = 0
`;

const kinds = ['chat', 'echo', 'echo'];

async function withServer(row, limits, use) {
  const respond = row.responder ? row.responder() : row.respond;
  const bad = await (row.start ? row.start() : startUpstream({ respond, greet: row.greet }));
  const good = await startGoodUpstream();
  const place = new FaultPlace({ config: config(row, bad, good, limits), within: bad.within });
  const server = new FaultServer(place);
  try {
    await server.initialize();
    await innocents(server, kinds);
    await use(server);
  } finally {
    await server.end();
    place.remove();
    bad.close();
    good.close();
  }
}

async function runOnce(server, row, limits) {
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
      await withServer(row, limits, async (server) => {
        if (row.fresh) return result.add(await runOnce(server, row, limits));
        for (let number = 0; number < runs; ++number) result.add(await runOnce(server, row, limits), server.memory);
      });
    }
    results.push(result);
    report(result);
  }
  return results;
}
