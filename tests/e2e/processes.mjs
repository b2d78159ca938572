// What /proc says about the processes below a server.
import { closeSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';

const read = (pid, name) => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined; // ended in the meantime, or not ours to read
  }
};

/** Name, state and parent; the name is in parentheses and may hold anything. */
function stat(pid) {
  const match = read(pid, 'stat')?.match(/^\d+ \((.*)\) (\S) (\d+) /s);
  return match && { pid, name: match[1], state: match[2], parent: Number(match[3]) };
}

const all = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => stat(Number(name))).filter(Boolean);

/** The toolpost-worker processes below `pid`: the spawner and its workers. */
export function workersOf(pid) {
  const processes = all();
  const below = new Set([pid]);
  for (let size = 0; size !== below.size; ) {
    size = below.size;
    for (const one of processes) if (below.has(one.parent)) below.add(one.pid);
  }
  below.delete(pid);
  return processes.filter((one) => below.has(one.pid) && one.name.startsWith('toolpost-worker')).map((one) => one.pid);
}

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
