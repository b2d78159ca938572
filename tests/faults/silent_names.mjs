// A name that no server resolves in time: one host sees, in a mount namespace of its own, a resolv.conf that names a
// server on the loopback network which reads every query and answers none. Port 53 needs the superuser.
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const nameServer = '127.77.0.1';

/** Why this cannot be had here; undefined if it can. */
export function noNameServer() {
  if (process.getuid() !== 0) return 'a name server needs port 53, and that the superuser';
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'needs `unshare --mount`';
  }
}

export async function silentNames() {
  const socket = createSocket('udp4').bind(53, nameServer);
  await once(socket, 'listening');
  const folder = mkdtempSync(join(tmpdir(), 'toolpost-names-'));
  const file = join(folder, 'resolv.conf');
  // Longer than every limit of the matrix, so that only the host's own can end the wait.
  writeFileSync(file, `nameserver ${nameServer}\noptions timeout:5 attempts:2\n`);
  return {
    address: 'model.example.test',
    within: ['unshare', '--mount', 'sh', '-c', `mount --bind "${file}" /etc/resolv.conf && exec "$@"`, 'sh'],
    close() {
      socket.close();
      rmSync(folder, { recursive: true });
    },
  };
}
