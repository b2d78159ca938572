// A model server over TLS and HTTP/2, with a certificate of its own making, that says GOAWAY.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { done, piece } from './upstream_server.mjs';

/** A key and a certificate for 127.0.0.1 in `folder`, which is its own authority. */
export function makeCertificate(folder) {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  return { key, certificate };
}

/** `answer(stream, session)` for each request. The address, and `caFile` to trust it by. */
async function startHttp2(answer) {
  const folder = mkdtempSync(join(tmpdir(), 'toolpost-h2-'));
  const { key, certificate } = makeCertificate(folder);
  const server = createSecureServer({ key: readFileSync(key), cert: readFileSync(certificate) });
  const sessions = new Set();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {}).on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream) => {
    stream.on('error', () => {}).on('data', () => {}).on('end', () => answer(stream, stream.session));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${server.address().port}`,
    caFile: certificate,
    close() {
      for (const session of sessions) session.destroy();
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const head = { ':status': 200, 'content-type': 'text/event-stream' };

/** Says that it goes, and still answers what it has: what a server does that is shut down in peace. */
export const goingUpstream = () =>
  startHttp2((stream, session) => {
    session.goaway(0, stream.id);
    stream.respond(head);
    stream.end(piece('Blue') + done);
  });

/** Says that it never looked at the request, and hangs up. */
export const goneUpstream = () =>
  startHttp2((stream, session) => {
    session.goaway(0, 0);
    session.destroy();
  });

/** Begins to answer, says that something is wrong, and hangs up before the answer says that it is whole. */
export const brokenUpstream = () =>
  startHttp2((stream, session) => {
    stream.respond(head);
    stream.write(': thinking\n\n', () => {
      session.goaway(2, 0);
      session.destroy();
    });
  });
