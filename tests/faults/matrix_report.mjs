// The matrix as text: a line per row while it runs, the page afterwards, and what counts as failed.
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release } from 'node:os';
import { spread } from './measuring.mjs';

const one = (time) => (time < 9.95 ? time.toFixed(1) : Math.round(time).toString());
const times = (measured) => (measured ? `${one(measured.p50)} / ${one(measured.p99)} / ${one(measured.max)}` : '');
const outcomes = (result) => {
  if (result.row.skip) return 'skipped';
  return Object.entries(result.outcomes).map(([code, count]) => (count === result.runs.length ? code : `${code} ×${count}`)).join(', ');
};

/** What is shown while the matrix runs. */
export function lineOf(result) {
  const { group, row } = result;
  const state = row.skip ? '-' : result.problems.length === 0 ? 'ok' : row.later ? 'later' : 'FAILED';
  const shown = [['over', result.overshoot], ['noticed', result.noticed], ['again', result.again]]
    .filter(([, measured]) => measured).map(([name, measured]) => `${name} ${times(measured)}`);
  return [state.padEnd(7), group.padEnd(9), row.id.padEnd(26), outcomes(result), ...shown, row.skip ?? ''].join(' ').trimEnd();
}

const titles = {
  turn: ['Plugin, in a turn', 'The plugin …'],
  start: ['Plugin, before its first turn', 'The plugin …'],
  upstream: ['Model server', 'The server …'],
  input: ['Bytes of a client', 'The client sends …'],
  host: ['The host and its surroundings', 'What happens'],
};

function table(group, results) {
  const [title, what] = titles[group];
  const lines = [`## ${title}`, '', `| ${what} | Answer | Unanswered | Innocents failed | Overshoot, ms | Noticed, ms | Usable again, ms | Host, KiB |`,
    '|---|---|---|---|---|---|---|---|'];
  for (const result of results.filter((result) => result.group === group)) {
    const { row } = result;
    const state = row.skip ? `skipped: ${row.skip}` : outcomes(result) + (row.later ? ` (${row.later})` : '');
    const cells = row.skip ? ['', '', '', '', '', '']
      : [`${result.unanswered}`, `${result.innocentsFailed} of ${result.innocentsAsked}`, times(result.overshoot), times(result.noticed), times(result.again), `${result.growth ?? ''}`];
    lines.push(`| ${row.what} (\`${row.id}\`) | ${[state, ...cells].join(' | ')} |`);
  }
  return lines.join('\n');
}

const all = (results, pick) => spread(results.flatMap((result) => result.runs.map(pick)));

/** The targets: name, bound, what was measured, whether it holds. */
function targets(results, whole, busy) {
  const rows = results.filter(({ row }) => !row.skip && !row.later);
  const sum = (pick) => rows.reduce((total, result) => total + pick(result), 0);
  const count = (what, value) => [what, '0', `${value}`, value === 0];
  const timed = (what, bound, measured) =>
    [what, `${bound} ms`, measured ? `${one(measured.p99)} ms (p50 ${one(measured.p50)}, max ${one(measured.max)}; ${measured.count} runs)` : 'not measured', !measured || measured.p99 <= bound];
  const growth = sum((result) => result.growth ?? 0);
  const crashes = rows.filter(({ row }) => row.notices);
  return [
    count('Faulty calls that were never answered', sum((result) => result.unanswered)),
    count(`Innocent calls that failed, of ${sum((result) => result.innocentsAsked)}`, sum((result) => result.innocentsFailed)),
    count('Processes left a second after the host', sum((result) => result.orphans)),
    count('Runs that ended otherwise than expected', sum((result) => result.problems.length)),
    timed('Past the limit that fired, p99', busy ? 50 : 15, all(rows, (run) => run.overshoot)),
    timed('From a crash or broken frame to the answer, p99', busy ? 50 : 15, all(crashes.filter(({ row }) => !row.noticedMax), (run) => run.noticed)),
    timed('The same for a stack overflow, p99', busy ? 100 : 50, all(crashes.filter(({ row }) => row.noticedMax), (run) => run.noticed)),
    timed('From the answer to the next good one of the same plugin, p99', busy ? 100 : 50, all(rows.filter(({ group }) => group === 'turn'), (run) => run.again)),
    count('Descriptors of the host left over by all turns', whole.descriptors),
    ['Growth of the host, all rows together', '5120 KiB', `${growth} KiB`, growth < 5120],
  ];
}

const version = () => {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
};

/** The page, and the failures as sentences: outcomes and counts always; times are told, never asserted. */
export function report({ results, whole, runs, busy, started, limits }) {
  const failures = results.filter(({ row }) => !row.later)
    .flatMap(({ group, row, problems }) => problems.map((problem) => `${group} ${row.id}: ${problem}`));
  for (const result of results.filter(({ row }) => !row.later && !row.skip))
    if (result.unanswered > 0) failures.push(`${result.group} ${result.row.id}: ${result.unanswered} unanswered`);
  if (whole.strays > 0) failures.push(`${whole.strays} answers that nobody had asked for`);
  const load = loadavg().map((value) => value.toFixed(1)).join(', ');
  const markdown = `# Fault matrix

Each row is run beside innocent calls, of another plugin and of the same one, which must all succeed: the real \`toolpost serve\`
over pipes, real worker processes, real sockets on 127.0.0.1. The rows are data in \`tests/faults/*_rows.mjs\`. This page is written
by the command below and describes one run of it on one machine. Times are p50 / p99 / max.

- Command: \`./dev faults --runs ${runs}${busy ? ' --busy' : ''}\` (rows about the host: ${Math.min(runs, 10)} runs), version ${version()}
- Date: ${started.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${Math.round((Date.now() - started) / 1000)} s
- Machine: ${cpus().length} cores (${cpus()[0]?.model.trim()}), Linux ${release()}, load at the end ${load}${busy ? ', four busy processes per core' : ''}
- Limits: turns.turn_max_ms = ${limits.turnMax}, ceiling_ms = ${limits.ceiling}, workers.ready_max_ms = ${limits.ready}, http.*_ms = ${limits.http}, an attempt ${limits.provider}
- Rows: ${results.length}, of which ${results.filter(({ row }) => row.skip).length} skipped and ${results.filter(({ row }) => row.later).length} not expected to hold yet

| Target | Bound | Measured | Met |
|---|---|---|---|
${targets(results, whole, busy).map(([what, bound, measured, met]) => `| ${what} | ${bound} | ${measured} | ${met ? 'yes' : '**no**'} |`).join('\n')}

Overshoot is counted from the client's request to its answer, less the limit that fired. "Noticed" runs from the plugin's own
stamp, taken just before the last of its crashes (a crash is run again once), to the client's answer. Growth is that of the host's
resident memory from a row's first run to its last, where one host does them all.

${Object.keys(titles).map((group) => table(group, results)).join('\n\n')}
`;
  return { markdown, failures };
}
