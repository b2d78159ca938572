// Places that are too small: a file system of its own, and a group of processes with a bound. Both need root and a kernel
// that lets it; where they are not to be had, `undefined` says so.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, rmdirSync, writeFileSync, writeSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';

/** Mounts `megabytes` of memory at `folder`; gives what fills it up, frees it and takes it away. `files` bounds their number. */
export function smallDisk(folder, megabytes, files = 1000) {
  try {
    const bounds = `size=${megabytes}m,nr_inodes=${files}`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', bounds, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const filler = join(folder, 'filler');
  return {
    fill() {
      const file = openSync(filler, 'w');
      try {
        for (const size of [1 << 16, 1]) {
          const block = Buffer.alloc(size, 'x');
          try {
            for (let i = 0; i < 1 << 16; ++i) writeSync(file, block);
          } catch {
            // full; the next size takes what is left
          }
        }
      } finally {
        closeSync(file);
      }
    },
    /** Takes every place for a file, while there is room for bytes. */
    fillFiles() {
      mkdirSync(filler);
      try {
        for (let number = 0; number <= files; ++number) closeSync(openSync(join(filler, `${number}`), 'w'));
      } catch {
        // no more
      }
    },
    free: () => rmSync(filler, { force: true, recursive: true }),
    remove: () => execFileSync('umount', ['-l', folder]),
  };
}

/** A group that process `pid` and its later children are in, with a bound on their number that can be changed. */
export function processGroup(pid) {
  const root = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'].find((path) => existsSync(join(path, 'cgroup.procs')));
  if (!root) return undefined;
  const folder = join(root, `toolpost-faults-${pid}`);
  try {
    mkdirSync(folder);
    writeFileSync(join(folder, 'cgroup.procs'), `${pid}`);
    writeFileSync(join(folder, 'pids.max'), 'max');
  } catch {
    return undefined;
  }
  return {
    limit: (count) => writeFileSync(join(folder, 'pids.max'), `${count}`),
    remove() {
      try {
        rmdirSync(folder);
      } catch {
        // its last process is still being collected; the group is empty and bounds nothing
      }
    },
  };
}
