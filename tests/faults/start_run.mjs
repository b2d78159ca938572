// Runs the rows of start_rows.mjs: a server for each run, with the bad plugin and the good ones.
import { FaultPlace, adapted } from './fault_place.mjs';
import { FaultServer } from './fault_server.mjs';
import { innocents } from './innocents.mjs';
import { RowResult } from './measuring.mjs';

/** A plugin that refused to run stays refused for the reason that it gave; no other one may suddenly run. */
async function askAgain(server, first) {
  for (let i = 0; i < 5; ++i) {
    const again = await server.call('bad_start', {});
    if (['ok', 'unanswered', 'gone'].includes(again.code)) return `a later call: ${again.code}`;
    if (first.code === 'incompatible' && again.text !== first.text) return `a later call: ${again.text}`;
    if (first.code === 'hung' && again.code !== 'incompatible') return `a later call waited again: ${again.code}`;
    await innocents(server, ['echo']);
  }
  return undefined;
}

async function runOnce(row, limits) {
  const place = new FaultPlace({ plugins: row.plugins, config: `[workers]\nready_max_ms = ${limits.ready}\n` });
  row.make?.(place.plugin('spoilt'));
  const server = new FaultServer(place);
  try {
    await server.initialize();
    await innocents(server, ['echo']); // so that the worker that says echo is there
    const faulty = server.call('bad_start', {});
    const beside = innocents(server, ['echo', 'echo', 'echo']);
    const answer = await faulty;
    const run = { code: answer.code, text: answer.text, beside: await beside };
    if (row.limit) run.overshoot = answer.at - answer.sent - limits[row.limit];
    if (row.says && !row.says.test(answer.text)) run.problem = `it says: ${answer.text}`;
    run.problem ??= await askAgain(server, answer);
    return run;
  } finally {
    await server.end();
    place.remove();
  }
}

export async function runStartRows(rows, runs, limits, report) {
  const results = [];
  for (const row of rows.map(adapted)) {
    const result = new RowResult('start', row);
    for (let number = 0; number < runs && !row.skip; ++number) result.add(await runOnce(row, limits));
    results.push(result);
    report(result);
  }
  return results;
}
