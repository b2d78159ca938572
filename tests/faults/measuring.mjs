// What is kept of a row's runs, and the numbers made of it.

const part = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];

/** p50, p99 and max of some times in milliseconds; undefined if there are none. */
export function spread(times) {
  const sorted = times.filter((time) => time !== undefined).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  return { count: sorted.length, p50: part(sorted, 0.5), p99: part(sorted, 0.99), max: sorted.at(-1) };
}

/** A row's runs added up. A run is {code, text, overshoot, noticed, again, beside, problem}. */
export class RowResult {
  constructor(group, row) {
    this.group = group;
    this.row = row;
    this.runs = [];
    this.orphans = []; // what lived on after its host, described
    this.memory = undefined; // of the host, in KiB: after the first run, whose buffers it may keep, and after the last
  }

  /** `memory` is given where the host lives on to the next run. */
  add(run, memory) {
    this.runs.push(run);
    if (memory !== undefined) this.memory = { first: this.memory?.first ?? memory, last: memory };
  }

  get growth() { return this.memory && this.runs.length > 1 ? this.memory.last - this.memory.first : undefined; }

  get outcomes() {
    const counts = {};
    for (const { code } of this.runs) counts[code] = (counts[code] ?? 0) + 1;
    return counts;
  }
  get unanswered() { return this.runs.filter(({ code }) => code === 'unanswered' || code === 'gone').length; }
  get innocentsAsked() { return this.runs.reduce((sum, { beside }) => sum + (beside?.asked ?? 0), 0); }
  get innocentsFailed() { return this.runs.reduce((sum, { beside }) => sum + (beside?.failed ?? 0), 0); }
  get overshoot() { return spread(this.runs.map((run) => run.overshoot)); }
  get noticed() { return spread(this.runs.map((run) => run.noticed)); }
  get again() { return spread(this.runs.map((run) => run.again)); }

  /** What is wrong with this row, in words; empty if nothing is. */
  get problems() {
    if (this.row.skip) return [];
    const found = new Set();
    for (const { code, text, beside, problem } of this.runs) {
      if (!this.row.expect.includes(code)) found.add(`${code} instead of ${this.row.expect.join(' or ')}: ${text}`);
      if (beside?.failed) found.add(`innocent ${beside.failure}`);
      if (problem) found.add(problem);
    }
    for (const orphan of this.orphans) found.add(`left after the host: ${orphan}`);
    return [...found];
  }
}
