// What is left of a server's processes, and the ways to starve or stop one of them.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { livingOf } from '../e2e/processes.mjs';
import { now } from './fault_server.mjs';

/** What still lives of the processes `seen` and of their sessions, after at most `within` milliseconds. */
export async function survivors(seen, within = 1000) {
  const until = now() + within;
  let left = livingOf(seen);
  while (left.length > 0 && now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    left = livingOf(seen);
  }
  return left;
}

const parentOf = (pid) => Number(/^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);

/** The process that forks the workers: the only one of them whose parent is the host itself. */
export const spawnerOf = (server) => server.workers.find((pid) => parentOf(pid) === server.pid);

/** Sets how many descriptors a running process may hold. */
export const limitDescriptors = (pid, count) => execFileSync('prlimit', ['--pid', `${pid}`, `--nofile=${count}:`]);

/** Sets how many bytes of address space a running process may have. */
export const limitMemory = (pid, bytes) => execFileSync('prlimit', ['--pid', `${pid}`, `--as=${bytes}:`]);

/** Why `program` cannot be run here; undefined if it can. */
export function missing(program) {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `needs the program ${program}`;
  }
}
