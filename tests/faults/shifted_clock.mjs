// A wall clock that one host alone sees, and that can be set while the host runs: see shifted_clock.c.
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pluginFile } from './fault_place.mjs';

/** `within` starts a program under the clock, which is right until it is `set` to so many hours more. */
export function shiftedClock(folder) {
  const path = join(folder, 'clock');
  const file = openSync(path, 'w');
  const set = (hours) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(hours) * 3600n);
    writeSync(file, bytes, 0, bytes.length, 0);
  };
  set(0);
  const within = ['env', `LD_PRELOAD=${pluginFile('shifted_clock')}`, `SHIFTED_CLOCK=${path}`];
  return { within, set, close: () => closeSync(file) };
}
