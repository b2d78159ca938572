// Runs the rows of host_rows.mjs, a server for each run, and counts what outlives it by a second. What is lost may crash a
// plugin on several inputs, which is not what these rows are about.
import { describeProcess } from '../e2e/processes.mjs';
import { FaultPlace, adapted } from './fault_place.mjs';
import { FaultServer } from './fault_server.mjs';
import { innocents } from './innocents.mjs';
import { RowResult } from './measuring.mjs';
import { survivors } from './process_watch.mjs';

const config = ({ turnMax, ceiling }, workers = '') => `
[turns]
turn_max_ms = ${turnMax}
[workers]
${workers}
[quarantine]
enabled = false
[ceilings]
provider_ms = ${ceiling}
tool_ms = ${2 * ceiling}
[plugins."test.misbehave"]
ceiling_ms = ${ceiling}
`;

async function runOnce(row, limits) {
  const place = new FaultPlace({ plugins: ['misbehave'], config: config(limits, row.workers) });
  let server;
  const start = async () => {
    server = await new FaultServer(place).initialize();
    await innocents(server);
    return server;
  };
  try {
    if (!row.starts) await start();
    server?.look();
    const run = await row.run({ server, place, start, limits });
    server.look();
    await server.end();
    const orphans = await survivors(server.seen);
    const described = orphans.map(describeProcess);
    for (const { pid } of orphans) process.kill(pid, 'SIGKILL');
    return { run, orphans: described };
  } finally {
    await server?.end();
    place.remove();
  }
}

export async function runHostRows(rows, runs, limits, report) {
  const results = [];
  for (const row of rows.map(adapted)) {
    const result = new RowResult('host', row);
    // What is not expected to hold yet takes long and is measured once.
    const count = row.skip ? 0 : row.later ? 1 : runs;
    for (let number = 0; number < count; ++number) {
      const { run, orphans } = await runOnce(row, limits);
      result.add(run);
      result.orphans.push(...orphans);
    }
    results.push(result);
    report(result);
  }
  return results;
}
