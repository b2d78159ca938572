// Processes that only compute, so that everything else has to wait for a processor.
import { spawn } from 'node:child_process';

export const busyProcesses = (count) =>
  [...Array(count).keys()].map(() => spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }));
