// What the matrix promises, what was measured, and whether the promise was kept.
import { spread } from './measuring.mjs';

/** A time for people: tenths below ten. */
export const ms = (time) => (time < 9.95 ? time.toFixed(1) : Math.round(time).toString());

const all = (results, pick) => spread(results.flatMap((result) => result.runs.map(pick)));
const count = (what, value) => ({ what, bound: '0', measured: `${value}`, met: value === 0 });

function timed(what, bound, measured) {
  if (!measured) return { what, bound: `${bound} ms`, measured: 'not measured', met: true };
  const told = `${ms(measured.p99)} ms (p50 ${ms(measured.p50)}, max ${ms(measured.max)}; ${measured.count} runs)`;
  return { what, bound: `${bound} ms`, measured: told, met: measured.p99 <= bound };
}

const grown = (what, growth) => ({ what, bound: '5120 KiB', measured: `${growth} KiB`, met: growth < 5120 });

/** Rows that were skipped or are for later count for nothing here. */
export function targets(results, whole, busy) {
  const rows = results.filter(({ row }) => !row.skip && !row.later);
  const sum = (pick) => rows.reduce((total, result) => total + pick(result), 0);
  const crashes = rows.filter(({ row }) => row.notices);
  const noticed = (slow) => all(crashes.filter(({ row }) => Boolean(row.noticedMax) === slow), (run) => run.noticed);
  const turns = rows.filter(({ group }) => group === 'turn');
  const perServer = rows.filter(({ group }) => group === 'upstream').map((result) => result.growth ?? 0);
  return [
    count('Faulty calls that were never answered', sum((result) => result.unanswered)),
    count(`Innocent calls that failed, of ${sum((result) => result.innocentsAsked)}`, sum((result) => result.innocentsFailed)),
    count('Processes left a second after the host', sum((result) => result.orphans.length)),
    count('Rows that ended otherwise than expected', sum((result) => (result.problems.length > 0 ? 1 : 0))),
    count('Descriptors of the host left over by all turns', whole.turn.descriptors),
    timed('Past the limit that fired, p99', busy ? 50 : 15, all(rows, (run) => run.overshoot)),
    timed('From a crash or broken frame to the answer, p99', busy ? 50 : 15, noticed(false)),
    timed('The same for a stack overflow, p99', busy ? 100 : 50, noticed(true)),
    timed('From the answer to the next good one of the same plugin, p99', busy ? 100 : 50, all(turns, (run) => run.again)),
    grown('Growth of the one host that lives through all turns of plugins', whole.turn.growth),
    grown('Growth of the one host that reads all bytes of clients', whole.input.growth),
    grown('Growth of a host over all runs of one fault of a model server, at most', Math.max(0, ...perServer)),
  ];
}
