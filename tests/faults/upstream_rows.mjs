// Faults of a model server. `respond` gets the socket once a whole request was read; `limit` names what must end the call.
import { gzipSync } from 'node:zlib';
import { brokenUpstream, goingUpstream, goneUpstream } from './h2_upstream.mjs';
import { noNameServer, silentNames } from './silent_names.mjs';
import { throttleRows } from './throttle_rows.mjs';
import { done, droppingUpstream, jsonHead, piece, refusedUpstream, status, stream, streamHead } from './upstream_server.mjs';

const row = (id, what, expect, respond, more) => ({ id, what, expect: [expect].flat(), respond, ...more });
/** What is written over and over until the client hangs up. */
const repeated = (head, part, ms) => (socket) => {
  socket.write(head);
  const timer = setInterval(() => socket.write(part), ms);
  socket.on('close', () => clearInterval(timer));
};
/** As much as the client takes, at most 64 MiB. */
const flooding = (head, part) => (socket) => {
  let left = (64 << 20) / part.length;
  const pour = () => {
    while (left > 0 && !socket.destroyed) {
      left -= 1;
      if (!socket.write(part)) return void socket.once('drain', pour);
    }
  };
  socket.write(head);
  pour();
};
/** 429 to the first request of a run, an answer to the second. */
const throttled = (header) => () => {
  let asked = 0;
  return (socket) => {
    asked += 1;
    const limit = '{"error":{"message":"Rate limit reached, requests per min","code":"rate_limit_exceeded"}}';
    socket.end(asked === 1 ? status('429 Too Many Requests', [header()], limit) : stream('after all'));
  };
};
const httpDate = (seconds) => new Date(Date.now() + seconds * 1000).toUTCString();
/** `waits`: an answer that comes earlier was not waited for. */
const throttling = (id, what, header, expect, more) =>
  ({ id, what, expect: [expect], responder: throttled(header), attempts: 2, fresh: true, ...more });
const plain = { stream: false };
const says = (bytes) => (socket) => socket.end(bytes);
const stops = (bytes) => (socket) => socket.write(bytes);
/** Either word will do: which side of the line a broken answer falls on is a matter of taste. */
const broken = ['unavailable', 'bad_upstream'];
const brokenText = Buffer.concat([Buffer.from(streamHead), Buffer.from(piece('a?b').replace('?', '\xff\xc3'), 'latin1'), Buffer.from(done)]);
const nested = '['.repeat(100_000) + ']'.repeat(100_000);
const json200 = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

/** Zeros, which compress a thousandfold; made before the call, as it takes a while. */
const bombing = () => {
  const bytes = gzipSync(Buffer.alloc(128 << 20), { level: 9 });
  return (socket) => {
    socket.write(`${json200}Content-Encoding: gzip\r\nContent-Length: ${bytes.length}\r\n\r\n`);
    socket.end(bytes);
  };
};

export const upstreamRows = [
  row('refuse', 'refuses connections', 'unavailable', undefined, { start: refusedUpstream }),
  row('drop', 'drops connections, its queue being full', 'deadline', undefined, { start: droppingUpstream, limit: 'http' }),
  row('tls_stall', 'accepts TLS and says nothing', 'deadline', undefined, { tls: true, limit: 'http' }),
  row('tls_garbage', 'answers TLS with plain text', broken, undefined, { tls: true, greet: says('HTTP/1.1 400 Bad Request\r\n\r\n') }),

  row('silence', 'reads the request and says nothing', 'deadline', () => {}, { limit: 'http' }),
  row('half_header', 'sends half a header and stops', 'deadline', stops('HTTP/1.1 200 OK\r\nContent-'), { limit: 'http' }),
  row('only_header', 'sends a header and stops', 'deadline', stops(streamHead), { limit: 'http' }),
  row('ping', 'sends comments without end', 'deadline', repeated(streamHead, ': ping\n\n', 20), { limit: 'http' }),
  row('drip_header', 'sends a header one line each 20 ms without end', 'deadline',
    repeated('HTTP/1.1 200 OK\r\n', 'X-More: 1\r\n', 20), { limit: 'http' }),
  row('drip_body', 'sends one byte each 20 ms without end', 'deadline',
    repeated(jsonHead(100000), ' ', 20), { ...plain, limit: 'provider' }),
  row('drip_content', 'sends a word each 20 ms without end', ['deadline', 'ok'],
    repeated(streamHead, piece('word '), 20), { limit: 'provider' }),
  row('interim', 'sends 100 Continue without end', ['exhausted', 'deadline'], flooding('', 'HTTP/1.1 100 Continue\r\n\r\n')),

  row('reset', 'resets the connection in the middle of a stream', 'ok',
    (socket) => socket.write(streamHead + piece('Blue'), () => setImmediate(() => socket.resetAndDestroy()))),
  row('reset_at_once', 'resets the connection instead of answering', 'unavailable', (socket) => socket.resetAndDestroy()),
  row('end_early', 'ends a stream before any content', broken, says(streamHead)),
  row('end_without_header', 'ends without a header', broken, says('')),
  row('error_event', 'says 200 and then an error', broken,
    says(`${streamHead}data: {"error":{"message":"overloaded","type":"server_error"}}\n\n`)),
  row('length_too_long', 'promises more than it sends', broken, says(`${jsonHead(5000)}{"choices":`), plain),
  row('length_too_short', 'sends more than it promises', broken, says(`${jsonHead(5)}{"choices":[]}`), plain),

  row('gzip_bomb', 'sends 128 MiB as 128 KiB of gzip', 'exhausted', undefined, { ...plain, responder: bombing }),
  row('large_body', 'sends 64 MiB', 'exhausted', flooding(`${json200}\r\n`, ' '.repeat(65536)), plain),
  row('large_event', 'sends one event of 64 MiB', 'exhausted', flooding(`${streamHead}data: "`, 'x'.repeat(65536))),
  row('large_header', 'sends a header line of 10 MB', 'exhausted', says(`HTTP/1.1 200 OK\r\nX-Large: ${'x'.repeat(10_000_000)}\r\n\r\n`)),
  row('many_headers', 'sends header lines without end', 'exhausted', flooding('HTTP/1.1 200 OK\r\n', `X-More: ${'x'.repeat(1000)}\r\n`)),

  row('bad_status', 'sends a status line that is none', broken, says('HTTP/9.9 abc\r\n\r\n')),
  row('invalid_utf8', 'sends invalid UTF-8', ['ok', ...broken], says(brokenText)),
  row('malformed_event', 'sends an event that is not JSON', broken, says(`${streamHead}data: {"choices": [oops\n\n${done}`)),
  row('malformed_body', 'sends HTML', broken, says(status('200 OK', [], '<html>')), plain),
  row('deep_body', 'sends 100,000 nested lists', broken, says(status('200 OK', [], nested)), plain),
  row('done_twice', 'ends its stream twice', 'ok', says(`${stream('Blue')}${done}${done}`)),

  throttling('throttle_seconds', 'says 429, Retry-After: 1', () => 'Retry-After: 1', 'ok', { waits: 1000 }),
  throttling('throttle_ms', 'says 429, retry-after-ms: 50', () => 'retry-after-ms: 50', 'ok', { waits: 50 }),
  throttling('throttle_date', 'says 429, with a date in 2 s', () => `Retry-After: ${httpDate(2)}`, 'ok', { waits: 900 }),
  throttling('throttle_past', 'says 429, with a date of last year', () => `Retry-After: ${httpDate(-3e7)}`, 'ok'),
  throttling('throttle_fraction', 'says 429, Retry-After: 0.5', () => 'Retry-After: 0.5', 'ok', { waits: 500 }),
  ...throttleRows,
  row('wrong_key', 'says 401', 'unauthenticated', says(status('401 Unauthorized', [])), { attempts: 4 }),
  row('storm', 'says 500 to each of four attempts', 'unavailable', says(status('500 Internal Server Error', [])), { attempts: 4 }),
  row('redirect_loop', 'redirects to itself', broken,
    says(status('307 Temporary Redirect', ['Location: /v1/chat/completions']))),
  row('redirect_away', 'redirects to another origin', ['permission', ...broken],
    says(status('307 Temporary Redirect', ['Location: http://127.0.0.1:9/']))),

  row('goaway', 'sends GOAWAY over HTTP/2 and answers', 'ok', undefined, { start: goingUpstream, tls: true }),
  row('goaway_unread', 'sends GOAWAY, having looked at no request', broken, undefined, { start: goneUpstream, tls: true }),
  row('goaway_error', 'sends GOAWAY with an error in the middle of an answer', broken, undefined, { start: brokenUpstream, tls: true }),
  row('dns_hang', 'has a name that no server resolves in time', 'deadline', undefined,
    { start: silentNames, limit: 'http', skip: noNameServer() }),
];
