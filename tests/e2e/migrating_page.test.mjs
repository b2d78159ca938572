// The table of tools and fields in docs/migrating.md against the real host: every tool it names is there, every old field it
// calls taken is taken, and those without effect fail no call.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { Place } from './place.mjs';
import { RawPeer } from './raw_peer.mjs';
import { delta, startVendor } from './vendor_server.mjs';

const page = readFileSync(fileURLToPath(new URL('../../docs/migrating.md', import.meta.url)), 'utf8');
const words = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
const rows = page.split('## Tools and fields')[1].split('\n## ')[0].split('\n').filter((line) => /^\| `/.test(line)).map((line) => {
  const [tool, here, taken, unused, why] = line.split('|').slice(1, 6).map((cell) => cell.trim());
  return { name: words(tool)[0], here: here === 'the same' ? words(tool)[0] : words(here)[0], taken: words(taken), unused: words(unused), why };
});

const step = { step: 's', step_number: 1, total_steps: 1, next_step_required: false, findings: 'f', use_assistant_model: false };
/** Whatever a tool wants besides. */
const needed = {
  activity: {}, listmodels: {}, version: {}, provider_capabilities: {}, toolcall_log_tail: {},
  chat: { prompt: 'p' },
  docgen: { document_complexity: true, document_flow: true, update_existing: true, comments_on_complex_logic: true, num_files_documented: 0, total_files_to_document: 0 },
  kimi_capture_headers: { messages: [{ role: 'user', content: 'p' }] },
  kimi_chat_with_tools: { messages: 'p' },
  precommit: { path: '.' },
  tracer: { trace_mode: 'precision', target_description: 't' },
};
const simple = ['activity', 'chat', 'kimi_capture_headers', 'kimi_chat_with_tools', 'listmodels', 'version', 'provider_capabilities', 'toolcall_log_tail'];
/** A value of each field that the predecessor's schemas would take. */
const value = (field, file) => {
  if (['files', 'absolute_file_paths', 'relevant_files', 'files_checked', 'images'].includes(field)) return field === 'images' ? [] : [file];
  if (['stream', 'use_websearch', 'invalidate_cache'].includes(field)) return false;
  return { temperature: 0.5, issues_found: [], model_responses: [], current_model_index: 0, backtrack_from_step: 1, thinking_mode: 'low',
    confidence: 'low', review_validation_type: 'internal', precommit_type: 'internal', model: 'auto' }[field] ?? 'x';
};

test('migrating page: each tool it names is there, and no field it names fails a call', { timeout: 60_000 }, async (t) => {
  const server = await startVendor(t, () => [delta({ content: 'Yes.' }, 'stop'), '[DONE]']);
  const place = new Place(t).configure(`[tools]\nprofile = "full"\n[providers.kimi]\nplugin = "kimi"\nbase_url = "${server.url}/v1"\nmodels = ["m"]\n`);
  const file = place.write('a.txt', 'alpha');
  const peer = new RawPeer(place);
  await peer.initialize();
  const { result } = await peer.ask({ id: 'list', method: 'tools/list', params: {} });
  const listed = new Map(result.tools.map((tool) => [tool.name, tool]));
  for (const name of listed.keys()) if (name !== 'echo') assert.ok(rows.some((row) => row.here === name), `${name} has no row`);
  let id = 0;
  for (const { name, here, taken, unused, why } of rows) {
    if (here === undefined) {
      assert.ok(!listed.has(name) && why !== '', name);
      continue;
    }
    assert.ok(listed.has(here), `${here} is in no list`);
    for (const field of taken) assert.ok(!(field in listed.get(here).inputSchema.properties), `${here}.${field} is listed`);
    if (unused.length !== 0) assert.notEqual(why, '', `${here} says nothing of ${unused}`);
    if (taken.length + unused.length === 0) continue;
    const base = simple.includes(here) ? needed[here] : { ...step, ...needed[here] };
    const old = Object.fromEntries([...taken, ...unused].map((field) => [field, value(field, file)]));
    const answer = (await peer.call(++id, here, { ...base, ...old })).result;
    assert.equal(answer.isError ?? false, false, `${here}: ${answer.content[0].text}`);
    const { metadata = {} } = answer.structuredContent;
    for (const field of taken) assert.ok(!(metadata.ignored_fields ?? []).includes(field), `${here}: ${field} is ignored`);
    if (taken.includes('absolute_file_paths')) {
      const seen = here === 'chat' ? server.requests.at(-1).body.messages.at(-1).content : JSON.stringify(answer.structuredContent);
      if (!['consensus', 'planner'].includes(here)) assert.ok(seen.includes('a.txt'), `${here} does not know the file`);
    }
  }
});
