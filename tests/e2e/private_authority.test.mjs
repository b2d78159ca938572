// A model server over TLS whose certificate only its operator knows: http.ca_file.
import assert from 'node:assert/strict';
import test from 'node:test';
import { goingUpstream } from '../faults/h2_upstream.mjs';
import { prompt } from './model_server.mjs';
import { Place, bounded } from './place.mjs';
import { providerConfig } from './provider_config.mjs';
import { RawPeer } from './raw_peer.mjs';

async function chat(t, caFileOf) {
  const server = await goingUpstream();
  const place = new Place(t);
  place.onEnd(() => server.close());
  const caFile = caFileOf(server, place);
  const rest = caFile ? `[http]\nca_file = "${caFile}"` : '';
  const peer = new RawPeer(place.configure(providerConfig(`https://${server.address}`, { rest })));
  await peer.initialize();
  const { result } = await peer.call(1, 'chat', { prompt });
  return { error: result.isError ?? false, text: result.content[0].text, attempts: result._meta['toolpost/call'].attempts };
}

test('http.ca_file: a server of a private authority is trusted', bounded, async (t) => {
  const result = await chat(t, (server) => server.caFile);
  assert.equal(result.error, false, result.text);
  assert.match(result.text, /Blue/);
});

test('http.ca_file: without it the server is refused once, and the setting is named', bounded, async (t) => {
  const result = await chat(t, () => undefined);
  assert.match(result.text, /^permission: .*certificate.*http\.ca_file/s);
  assert.equal(result.attempts, 1);
});

test('http.ca_file: a file without certificates is named', bounded, async (t) => {
  const result = await chat(t, (server, place) => place.write('empty.pem', 'no certificate\n'));
  assert.match(result.text, /^permission: .*http\.ca_file/s);
  assert.equal(result.attempts, 1);
});
