// What /proc says about the processes below a server.
import { closeSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';

const read = (pid, name) => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined; // ended in the meantime, or not ours to read
  }
};

/** Name, state, parent, session and time of start; the name is in parentheses and may hold anything. */
function stat(pid) {
  const match = read(pid, 'stat')?.match(/^\d+ \((.*)\) (\S) (.*)/s);
  if (!match) return undefined;
  const fields = match[3].split(' ');
  return { pid, name: match[1], state: match[2], parent: Number(fields[0]), session: Number(fields[2]), started: fields[18] };
}

const all = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => stat(Number(name))).filter(Boolean);

/** The processes below `pid`, whatever they are. */
export function processesBelow(pid) {
  const processes = all();
  const below = new Set([pid]);
  for (let size = 0; size !== below.size; ) {
    size = below.size;
    for (const one of processes) if (below.has(one.parent)) below.add(one.pid);
  }
  below.delete(pid);
  return processes.filter((one) => below.has(one.pid));
}

/** The toolpost-worker processes below `pid`: the spawner and its workers. */
export const workersOf = (pid) =>
  processesBelow(pid).filter(({ name }) => name.startsWith('toolpost-worker')).map((one) => one.pid);

/** Those that live of `seen` and of the sessions that they lead; no pid that was given to somebody else counts. */
export function livingOf(seen) {
  const known = new Set(seen.map(({ pid, started }) => `${pid} ${started}`));
  const sessions = new Set(seen.filter(({ pid, session }) => pid === session).map(({ session }) => session));
  return all().filter((one) => !'ZX'.includes(one.state) && (known.has(`${one.pid} ${one.started}`) || sessions.has(one.session)));
}

/** For people: pid, name and command line. */
export const describeProcess = ({ pid, name }) =>
  `${pid} ${name}: ${(read(pid, 'cmdline') ?? '').split('\0').join(' ').trim() || 'no command line'}`;

/** A zombie that its new parent has not collected yet is no longer alive. */
export const isAlive = (pid) => {
  const one = stat(pid);
  return one !== undefined && one !== null && one.name.startsWith('toolpost-worker') && !'ZX'.includes(one.state);
};

/** The environment as the kernel shows it; undefined if it may not be read. */
export const environmentOf = (pid) => read(pid, 'environ');

/** Whether the bytes of `text` stand anywhere in the process's readable memory; undefined if it may not be read. */
export function memoryHolds(pid, text) {
  const maps = read(pid, 'maps');
  if (!maps) return undefined;
  let memory;
  try {
    memory = openSync(`/proc/${pid}/mem`, 'r');
  } catch {
    return undefined;
  }
  try {
    for (const line of maps.split('\n')) {
      const match = line.match(/^([0-9a-f]+)-([0-9a-f]+) r.*?(\[v\w+\])?$/);
      if (!match || match[3]) continue;
      const begin = BigInt(`0x${match[1]}`);
      const bytes = Buffer.alloc(Number(BigInt(`0x${match[2]}`) - begin));
      try {
        if (bytes.subarray(0, readSync(memory, bytes, 0, bytes.length, begin)).includes(text)) return true;
      } catch {
        // A guard page or a mapping that cannot be read by anybody.
      }
    }
    return false;
  } finally {
    closeSync(memory);
  }
}
