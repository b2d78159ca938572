// The wire itself: bytes that no SDK would write, and how the process ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'node:test';
import { Place, bounded } from './place.mjs';
import { isAlive, workersOf } from './processes.mjs';
import { RawPeer } from './raw_peer.mjs';

async function start(t, place = new Place(t)) {
  const peer = new RawPeer(place);
  await peer.initialize();
  return peer;
}

const echoes = async (peer, id = 'still there') =>
  assert.deepEqual((await peer.call(id, 'echo', { text: 'x' })).result.structuredContent, { text: 'x' });

/** A server with a call under way: its provider accepts the connection and never answers. */
async function startWithCall(t, id, more = '') {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const place = new Place(t).configure(
    `[providers.silent]\nbase_url = "http://127.0.0.1:${silent.address().port}/v1"\nmodels = ["m"]\n${more}`);
  const peer = await start(t, place);
  const connected = once(silent, 'connection');
  peer.send({ id, method: 'tools/call', params: { name: 'chat', arguments: { prompt: 'are you there?' } } });
  const gone = peer.closed.then(() => { throw new Error(`the server is gone instead of calling; its stderr: ${peer.stderr}`); });
  const [socket] = await Promise.race([connected, gone]);
  socket.on('error', () => {});
  socket.resume();
  return { peer, socket };
}

test('stdio: garbage is answered, and the stream goes on', bounded, async (t) => {
  const peer = await start(t);
  for (const garbage of ['garbage\n', '{"jsonrpc":\n', '\xff\xfe\n', '"\n']) {
    assert.equal((await peer.provoke(Buffer.from(garbage, 'latin1'))).error.code, -32700, JSON.stringify(garbage));
  }
  await echoes(peer);
});

test('stdio: a batch is refused as a whole', bounded, async (t) => {
  const peer = await start(t);
  const answer = await peer.provoke('[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]\n');
  assert.equal(answer.error.code, -32600);
  await echoes(peer);
  assert.ok(!peer.messages.some((message) => message.id === 1 || message.id === 2));
});

test('stdio: a key given twice is refused, at any depth', bounded, async (t) => {
  const peer = await start(t);
  const answer = await peer.provoke('{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}\n');
  assert.match(answer.error.message, /"method" is given twice/);
  const deep = await peer.provoke(
    '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"text":"a","text":"b"}}}\n');
  assert.match(deep.error.message, /"text" is given twice/);
  await echoes(peer);
});

test('stdio: a line over the limit is refused with the name of the setting', bounded, async (t) => {
  const peer = await start(t, new Place(t).configure('[limits]\nmessage_bytes_max = 2048\n'));
  const line = (size) => {
    const empty = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { text: '' } } });
    return `${empty.replace('""', `"${'x'.repeat(size - empty.length)}"`)}\n`;
  };
  assert.ok((await peer.provoke(line(2048))).result);
  assert.match((await peer.provoke(line(2049))).error.message, /limits\.message_bytes_max = 2048/);
  assert.match((await peer.provoke(line(1_000_000))).error.message, /limits\.message_bytes_max = 2048/);
  await echoes(peer);
});

test('stdio: a line may come in pieces, and many lines in one', bounded, async (t) => {
  const peer = await start(t);
  const line = '{"jsonrpc":"2.0","id":"pieces","method":"ping"}\n';
  // The answer to the ping before it shows that the server has read up to the middle of the line.
  assert.equal((await peer.provoke(`{"jsonrpc":"2.0","id":"before","method":"ping"}\n${line.slice(0, 20)}`)).id, 'before');
  assert.equal((await peer.provoke(line.slice(20))).id, 'pieces');
  const both = Promise.all(['a', 'b'].map((id) => peer.next((message) => message.id === id)));
  peer.write('{"jsonrpc":"2.0","id":"a","method":"ping"}\n{"jsonrpc":"2.0","id":"b","method":"ping"}\n');
  await both;
});

test('stdio: lines may end in CRLF', bounded, async (t) => {
  const peer = await start(t);
  assert.deepEqual((await peer.provoke('{"jsonrpc":"2.0","id":1,"method":"ping"}\r\n')).result, {});
});

test('stdio: interleaved calls get their own answers', bounded, async (t) => {
  const peer = await start(t);
  const ids = [...Array(50).keys()].map((n) => (n % 2 ? n : `${n}`)); // numbers and strings are different ids
  const answers = await Promise.all(ids.map((id) => peer.call(id, 'echo', { text: `for ${id}` })));
  answers.forEach((answer, i) => assert.deepEqual(answer.result.structuredContent, { text: `for ${ids[i]}` }));
});

test('stdio: a cancelled call ends and is never answered', bounded, async (t) => {
  const { peer, socket } = await startWithCall(t, 7);
  const hungUp = once(socket, 'close');
  peer.send({ method: 'notifications/cancelled', params: { requestId: 7, reason: 'enough' } });
  await hungUp;
  await echoes(peer);
  peer.close();
  await peer.closed;
  assert.ok(!peer.messages.some((message) => message.id === 7));
});

test('stdio: an id in use is refused, and its first call is left alone', bounded, async (t) => {
  const { peer, socket } = await startWithCall(t, 7);
  assert.equal((await peer.call(7, 'echo', { text: 'x' })).error.code, -32600);
  const answer = peer.next((message) => message.id === 7);
  const body = JSON.stringify({ model: 'm', choices: [{ message: { role: 'assistant', content: 'late' }, finish_reason: 'stop' }] });
  socket.end(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  assert.equal((await answer).result.structuredContent.content, 'late');
  await echoes(peer, 7); // free again
});

test('stdio: the end of input ends the server within 2 s', bounded, async (t) => {
  const peer = await start(t);
  await echoes(peer);
  const from = performance.now();
  peer.close();
  assert.deepEqual(await peer.exited, [0, null]);
  assert.ok(performance.now() - from < 2000);
});

test('stdio: the end of input ends a call that waits, with an answer, and then the server', { timeout: 10_000 }, async (t) => {
  const { peer, socket } = await startWithCall(t, 7, '[deadlines]\nshutdown_drain_ms = 300\n');
  const hungUp = once(socket, 'close'); // nobody else closes it: its server stays silent
  const answer = peer.next((message) => message.id === 7);
  peer.close();
  const { result } = await answer;
  assert.equal(result.isError, true);
  assert.equal(result._meta['toolpost/error'].code, 'unavailable');
  assert.equal(result._meta['toolpost/error'].side_effect, 'maybe'); // the model server was asked, and may have been heard
  assert.match(result.content[0].text, /shutting down, and deadlines\.shutdown_drain_ms = 300 /);
  assert.equal(result._meta['toolpost/call'].attempts, 1);
  assert.ok(result._meta['toolpost/call'].turns >= 1);
  assert.deepEqual(await peer.exited, [0, null]);
  await hungUp;
});

test('stdio: SIGTERM lets a running call be answered before the server ends', bounded, async (t) => {
  const { peer, socket } = await startWithCall(t, 7);
  const answer = peer.next((message) => message.id === 7);
  peer.process.kill('SIGTERM');
  socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
  assert.match((await answer).result.content[0].text, /401/);
  assert.deepEqual(await peer.exited, [0, null]);
});

test('stdio: the workers of a killed server die with it', bounded, async (t) => {
  const peer = await start(t);
  await echoes(peer);
  const workers = workersOf(peer.process.pid);
  assert.ok(workers.length > 0);
  peer.process.kill('SIGKILL');
  await peer.exited;
  const until = performance.now() + 1000;
  const turn = () => new Promise(setImmediate);
  while (workers.some(isAlive) && performance.now() < until) await turn();
  assert.deepEqual(workers.filter(isAlive), []);
});
