// What tools/list costs a client's model, and which tools each profile names.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Place, bounded } from './place.mjs';
import { RawPeer } from './raw_peer.mjs';
import { diagnostics, lean, standard, vendorTools } from './tool_names.mjs';

async function list(t, toml) {
  const place = new Place(t);
  if (toml) place.configure(toml);
  const peer = new RawPeer(place);
  await peer.initialize();
  const { result } = await peer.ask({ id: 1, method: 'tools/list', params: {} });
  return { peer, tools: result.tools, names: result.tools.map((tool) => tool.name), tokens: JSON.stringify(result).length / 4 };
}

test('tools/list: the standard profile is the default and stays under 6,000 tokens', bounded, async (t) => {
  const { names, tools, tokens } = await list(t);
  t.diagnostic(`standard: ${tokens} tokens`);
  assert.deepEqual(names, standard);
  assert.ok(tokens < 6_000, `${tokens} tokens; the largest: ${tools.map((tool) => [JSON.stringify(tool).length, tool.name])
    .sort((a, b) => b[0] - a[0]).slice(0, 5)}`);
});

test('tools/list: the full profile names every tool and stays under 12,000 tokens', bounded, async (t) => {
  const { names, tokens } = await list(t, '[tools]\nprofile = "full"');
  t.diagnostic(`full: ${tokens} tokens`);
  for (const name of [...standard, ...vendorTools, ...diagnostics, 'echo']) assert.ok(names.includes(name), name);
  assert.ok(tokens < 12_000, `${tokens} tokens`);
});

test('tools/list: the lean profile names less, and what it leaves out still answers', bounded, async (t) => {
  const { names, peer } = await list(t, '[tools]\nprofile = "lean"');
  assert.deepEqual(names, lean);
  const { result } = await peer.call(2, 'challenge', { prompt: 'It is fast enough' });
  assert.equal(result.structuredContent.status, 'challenge_accepted');
});

test('tools/list: tools.enable adds a tool, tools.disable takes one away altogether', bounded, async (t) => {
  const { names, peer } = await list(t, '[tools]\nenable = ["echo"]\ndisable = ["consensus", "debug"]');
  assert.deepEqual(names, [...standard, 'echo'].filter((name) => !['consensus', 'debug'].includes(name)).sort());
  const { error } = await peer.call(2, 'consensus', { step: 's', step_number: 1, total_steps: 1, next_step_required: false });
  assert.match(error.message, /^tool "consensus" is switched off by tools\.disable$/);
  const { error: unknown } = await peer.call(3, 'ehco', {});
  assert.match(unknown.message, /^there is no tool "ehco"; did you mean "echo"\?$/);
});

test('tools/list: a profile that does not exist refuses the start and says which there are', bounded, async (t) => {
  const place = new Place(t).configure('[tools]\nprofile = "everything"');
  const peer = new RawPeer(place);
  await peer.closed;
  assert.match(peer.stderr, /tools\.profile must be one of lean, standard, full/);
});
