// The matrix as text: a line per row while it runs, the page afterwards, and what counts as failed.
import { execFileSync } from 'node:child_process';
import { cpus, getPriority, loadavg, release } from 'node:os';
import { ms, targets } from './matrix_targets.mjs';

const times = (measured) => (measured ? `${ms(measured.p50)} / ${ms(measured.p99)} / ${ms(measured.max)}` : '');
const outcomes = ({ row, runs, outcomes: counts }) => {
  if (row.skip) return 'skipped';
  return Object.entries(counts).map(([code, count]) => (count === runs.length ? code : `${code} ×${count}`)).join(', ');
};

/** What is shown while the matrix runs. */
export function lineOf(result) {
  const { group, row } = result;
  const state = row.skip ? '-' : result.problems.length === 0 ? 'ok' : row.later ? 'later' : 'FAILED';
  const shown = [['over', result.overshoot], ['noticed', result.noticed], ['again', result.again]]
    .filter(([, measured]) => measured).map(([name, measured]) => `${name} ${times(measured)}`);
  const head = [state.padEnd(7), group.padEnd(9), row.id.padEnd(26), outcomes(result)];
  return [...head, ...shown, row.skip ?? ''].join(' ').trimEnd();
}

const titles = {
  turn: ['Plugin, in a turn', 'The plugin …'],
  start: ['Plugin, before its first turn', 'The plugin …'],
  upstream: ['Model server', 'The server …'],
  input: ['Bytes of a client', 'The client sends …'],
  host: ['The host and its surroundings', 'What happens'],
};
const columns = ['Answer', 'Unanswered', 'Innocents failed', 'Overshoot, ms', 'Noticed, ms', 'Usable again, ms', 'Growth, KiB'];
const line = (cells) => `| ${cells.join(' | ')} |`;

function rowLine(result) {
  const { row } = result;
  const what = `${row.what} (\`${row.id}\`)`;
  if (row.skip) return line([what, `skipped: ${row.skip}`, ...Array(columns.length - 1).fill('')]);
  const beside = result.innocentsAsked ? `${result.innocentsFailed} of ${result.innocentsAsked}` : '';
  return line([what, outcomes(result) + (row.later ? ` (later: ${row.later})` : ''), result.unanswered, beside,
    times(result.overshoot), times(result.noticed), times(result.again), result.growth ?? '']);
}

function table(group, results) {
  const [title, what] = titles[group];
  const head = [line([what, ...columns]), `|${'---|'.repeat(columns.length + 1)}`];
  return [`## ${title}`, '', ...head, ...results.filter((result) => result.group === group).map(rowLine)].join('\n');
}

function version() {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

/** Outcomes and counts, as sentences. Times are told, never asserted. */
export function failuresOf(results, whole) {
  const counted = results.filter(({ row }) => !row.later && !row.skip);
  const failures = counted.flatMap(({ group, row, problems }) => problems.map((problem) => `${group} ${row.id}: ${problem}`));
  for (const { group, row, unanswered } of counted)
    if (unanswered > 0) failures.push(`${group} ${row.id}: ${unanswered} unanswered`);
  if (whole.turn.strays > 0) failures.push(`${whole.turn.strays} answers that nobody had asked for`);
  return failures;
}

/** The page, as Markdown. */
export function page({ results, whole, runs, hostRuns, busy, started, limits }) {
  const promises = targets(results, whole, busy);
  const skipped = results.filter(({ row }) => row.skip).length;
  const later = results.filter(({ row }) => row.later).length;
  const seconds = Math.round((Date.now() - started) / 1000);
  return `# Fault matrix

Each row is run beside innocent calls, of another plugin and of the same one, which must all succeed: the real
\`toolpost serve\` over pipes, real worker processes, real sockets on 127.0.0.1. The rows are data in
\`tests/faults/*_rows.mjs\`. This page is written by the command below and tells of one run of it on one machine.

- Command: \`./dev faults --runs ${runs}${busy ? ' --busy' : ''}\` (rows about the host: ${hostRuns} runs), version ${version()}
- Date: ${started.toISOString().slice(0, 16).replace('T', ' ')} UTC; it took ${seconds} s
- Machine: ${cpus().length} cores (${cpus()[0]?.model.trim()}), Linux ${release()}; the matrix ran at nice ${getPriority()}
- Load over 1, 5 and 15 minutes: ${started.load} at the start, ${loadNow()} at the end${busy ? '; four busy processes per core' : ''}
- Limits: \`turns.turn_max_ms = ${limits.turnMax}\`, \`ceiling_ms = ${limits.ceiling}\`, \`workers.ready_max_ms = ${limits.ready}\`,
  \`http.*_ms = ${limits.http}\`, an attempt ${limits.provider} ms
- Rows: ${results.length}, of which ${skipped} are skipped and ${later} are not expected to hold yet

| Target | Bound | Measured | Met |
|---|---|---|---|
${promises.map(({ what, bound, measured, met }) => line([what, bound, measured, met ? 'yes' : '**no**'])).join('\n')}

Times are p50 / p99 / max. Overshoot is counted from the client's request to its answer, less the limit that fired.
"Noticed" runs from the plugin's own stamp, taken just before the last of its crashes (a crash is run again once), to the
client's answer. Growth is that of the host's resident memory: in the tables below from a row's first run to its last, where
one host does all; above for a whole group, from before its first row to after its last.

${Object.keys(titles).map((group) => table(group, results)).join('\n\n')}
`;
}

export const loadNow = () => loadavg().map((value) => value.toFixed(1)).join(', ');
