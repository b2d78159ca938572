// The fault matrix. `./dev faults` runs it; the ctest entry runs it with --short.
//   --short        every row once, outcomes and counts asserted, nothing timed
//   --runs N       runs of each row (20)
//   --busy         with four busy processes for each core
//   --only ID,...  these rows alone
//   --write FILE   also writes the table there, as Markdown
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { busyProcesses } from './busy.mjs';
import { sanitized, toolpost } from './fault_place.mjs';
import { hostRows } from './host_rows.mjs';
import { runHostRows } from './host_run.mjs';
import { inputRows } from './input_rows.mjs';
import { runInputRows } from './input_run.mjs';
import { failuresOf, lineOf, loadNow, page } from './matrix_report.mjs';
import { targets } from './matrix_targets.mjs';
import { startRows } from './start_rows.mjs';
import { runStartRows } from './start_run.mjs';
import { turnRows } from './turn_rows.mjs';
import { runTurnRows } from './turn_run.mjs';
import { upstreamRows } from './upstream_rows.mjs';
import { runUpstreamRows } from './upstream_run.mjs';

const { values: options } = parseArgs({ options: { short: { type: 'boolean' }, busy: { type: 'boolean' },
  runs: { type: 'string', default: '20' }, only: { type: 'string' }, write: { type: 'string' } } });
if (!toolpost) throw new Error('TOOLPOST must name the toolpost binary');
const runs = options.short ? 1 : Number(options.runs);
if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs must be a whole number from 1');

// What fires in the rows, in milliseconds. Only a timed run on a quiet machine is strict: an innocent turn that is
// starved of a processor for as long as turn_max would count as hung.
const strict = { turnMax: 250, ceiling: 1000, ready: 300, http: 300, provider: 900, stop: 3000 };
const roomy = { turnMax: 400, ceiling: 2000, ready: 1000, http: 400, provider: 900, stop: 1000 };
const slow = { turnMax: 1500, ceiling: 6000, ready: 5000, http: 1000, provider: 2000, stop: 1000 };
const limits = sanitized ? slow : options.short || options.busy ? roomy : strict;
limits.turn = limits.turnMax;

const wanted = options.only?.split(',');
// What is not expected to hold yet is measured, but takes its time and proves nothing in the short form.
const pick = (rows) => rows.filter(({ id }) => !wanted || wanted.includes(id))
  .map((row) => (options.short && row.later ? { ...row, skip: row.later } : row));
const show = (result) => console.log(lineOf(result));
const started = Object.assign(new Date(), { load: loadNow() });

const hogs = options.busy ? busyProcesses(4 * cpus().length) : [];
try {
  const hostRuns = Math.min(runs, 10);
  const groups = [
    async () => ({
      turn: await runTurnRows(pick(turnRows), runs, limits, show),
      start: await runStartRows(pick(startRows), runs, limits, show),
    }),
    async () => ({
      upstream: await runUpstreamRows(pick(upstreamRows), runs, limits, show),
      input: await runInputRows(pick(inputRows), runs, show),
    }),
    async () => ({ host: await runHostRows(pick(hostRows), hostRuns, limits, show) }),
  ];
  const parts = [];
  if (options.short) parts.push(...await Promise.all(groups.map((group) => group())));
  else for (const group of groups) parts.push(await group()); // one after the other where times count
  const { turn, start, upstream, input, host } = Object.assign({}, ...parts);
  const results = [...turn.results, ...start, ...upstream, ...input.results, ...host];
  const whole = { turn: turn.whole, input: input.whole };
  const failures = failuresOf(results, whole);
  if (!options.short) {
    // Here times count too.
    for (const { what, bound, measured, met } of targets(results, whole, Boolean(options.busy)))
      if (!met) failures.push(`${what}: ${measured}, at most ${bound}`);
    const text = page({ results, whole, runs, hostRuns, busy: Boolean(options.busy), started, limits });
    console.log(`\n${text}`);
    if (options.write) writeFileSync(options.write, text);
  }
  for (const failure of failures) console.error(`FAILED ${failure}`);
  const left = results.filter(({ row }) => row.skip || row.later).length;
  console.log(`${results.length} rows, ${left} of them skipped or for later, ${failures.length} failures`);
  process.exitCode = failures.length > 0 ? 1 : 0;
} finally {
  for (const hog of hogs) hog.kill('SIGKILL');
}
process.exit(); // a fault may have left a timer or a socket of this driver open
