// A real session over this repository's own source, in a clone: `debug`, then `codereview` in the same thread, then the
// host is killed and another one goes on with `precommit`. What it prints is docs/session.md; with UPDATE_SESSION=1 the
// page is written anew. The expert is played by aimock, and answers by what it was shown.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { chats, startMock } from './model_server.mjs';
import { Place } from './place.mjs';
import { providerConfig } from './provider_config.mjs';
import { RawPeer } from './raw_peer.mjs';

const top = new URL('../../', import.meta.url).pathname;
const page = join(top, 'docs/session.md');

const debugExpert = {
  status: 'analysis_complete', summary: 'The wait cannot pass the deadline.', investigation_id: 'retry-wait', confidence: 'high',
  hypotheses: [{ name: 'NO WAIT PAST THE DEADLINE', confidence: 'high', root_cause: 'None: decide() gives up when too little time is left.',
    evidence: 'latest is the deadline less retry.attempt_min', minimal_fix: 'none', file_references: ['host/policy/retry_core.cpp'] }],
  key_findings: ['Retry-After is a floor and is held against the same bound'], immediate_actions: [], recommended_tools: [], prevention_strategy: 'Keep the test',
};
const reviewExpert = {
  status: 'analysis_complete', summary: 'Small and pure; one comment would help.', issues: [{ severity: 'low', file: 'host/policy/retry_core.cpp',
    line: 1, description: 'The file does not say what it decides.', fix: 'Say it in one line.' }], top_fixes: ['Say what the file decides'], positives: ['No clock inside'],
};
const commitExpert = { status: 'analysis_complete', verdict: 'ready', summary: 'One comment, no behaviour.', issues: [] };

const expert = (mock) => mock
  .on({ userMessage: /A comment says what the file decides/ }, { content: JSON.stringify(commitExpert) })
  .on({ userMessage: /Review the file that was just read/ }, { content: JSON.stringify(reviewExpert) })
  .on({ userMessage: /.*/s }, { content: JSON.stringify(debugExpert) });

/** The page: each call as the agent wrote it, each answer whole. */
class Transcript {
  #text = '';
  constructor(folder) { this.folder = folder; }
  say(text) { this.#text += `${text}\n\n`; }
  show(tool, args, reply) {
    this.say(`\`${tool}\`\n\n\`\`\`json\n${JSON.stringify(args, null, 1)}\n\`\`\`\n\nanswers\n\n\`\`\`json\n${JSON.stringify(reply, null, 1)}\n\`\`\``);
  }
  get text() {
    return this.#text.replaceAll(this.folder, '/home/ann/toolpost').replace(/"[0-9a-f]{32}"/g, '"…"')
      .replace(/("(?:tokens|input_tokens|output_tokens|files_tokens|tokens_used|tokens_max)": )\d+/g, '$10');
  }
}

test('docs/session.md: debug, codereview, a killed host, precommit, in one thread', { timeout: 120_000 }, async (t) => {
  const mock = await startMock(t, expert);
  const place = new Place(t).configure(providerConfig(mock.url));
  const folder = join(place.folder, 'toolpost');
  execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${top}`, folder]);
  execFileSync('git', ['-C', folder, 'checkout', '--quiet', '-B', 'main']); // whatever this clone's own is called
  place.project = folder;
  const transcript = new Transcript(folder);
  const retry = join(folder, 'host/policy/retry_core.cpp');
  let peer = new RawPeer(place);
  await peer.initialize();
  let id = 0;
  const call = async (tool, args) => {
    id += 1;
    const { result } = await peer.call(id, tool, args);
    assert.ok(!result.isError, result.content[0].text);
    transcript.show(tool, args, result.structuredContent);
    return result.structuredContent;
  };

  transcript.say(`# A session over this repository

An agent asks whether a retry can wait past its deadline, reviews the file, is interrupted by the death of the host, and looks at
its change before it commits it. All four parts are one thread. This page is what \`tests/e2e/repository_session.test.mjs\` printed, in
a clone of this repository; the expert is a test server that answers by what it was shown. Ids are left out (\`…\`), and counts of
tokens are written as 0.

## An investigation`);
  const first = await call('debug', { step: 'Can a retry wait past the deadline of its call?', step_number: 1, total_steps: 2,
    next_step_required: true, findings: 'decide() is the one place that says when to ask again', files_checked: [retry],
    relevant_files: [retry], hypothesis: 'Retry-After may be longer than what is left', confidence: 'low' });
  assert.equal(first.status, 'pause_for_investigation');
  const thread = first.continuation_id;
  transcript.say('The agent reads the file, and reports.');
  const cause = await call('debug', { step: 'Read decide() to its end', step_number: 2, total_steps: 2, next_step_required: false,
    findings: 'latest = deadline - retry.attempt_min; a later time gives up and names the setting', relevant_files: [retry],
    relevant_context: ['RetryCore::decide'], hypothesis: 'It cannot', confidence: 'high', continuation_id: thread });
  assert.equal(cause.status, 'calling_expert_analysis');
  assert.deepEqual(cause.expert_analysis, debugExpert);
  assert.match(JSON.stringify(chats(mock)[0].body), /RetryCore::backoff_max/); // the file itself, not its name alone

  transcript.say('## A review in the same thread');
  await call('codereview', { step: 'Review the file that was just read', step_number: 1, total_steps: 2, next_step_required: true,
    findings: 'Pure: time and chance are handed in', relevant_files: [retry], continuation_id: thread });
  const review = await call('codereview', { step: 'Reviewed decide() and backoff_max()', step_number: 2, total_steps: 2,
    next_step_required: false, findings: 'Doubling cannot overflow', relevant_files: [retry], confidence: 'high', continuation_id: thread });
  assert.deepEqual(review.expert_analysis, reviewExpert);
  assert.match(JSON.stringify(chats(mock)[1].body), /NO WAIT PAST THE DEADLINE/); // it knows what debug had found

  transcript.say('## The host dies, and another goes on\n\n`kill -9`; the client starts `toolpost serve` again. The agent writes the comment and stages it.');
  peer.process.kill('SIGKILL');
  await peer.closed;
  peer = new RawPeer(place);
  await peer.initialize();
  writeFileSync(retry, `// Says whether to ask a provider again, and when.\n${readFileSync(retry, 'utf8')}`);
  execFileSync('git', ['-C', folder, 'add', '.']);
  const changes = await call('precommit', { step: 'A comment says what the file decides', step_number: 1, total_steps: 2,
    next_step_required: true, findings: 'No behaviour changes', path: folder, continuation_id: thread });
  assert.match(JSON.stringify(changes), /retry_core\.cpp/);
  const verdict = await call('precommit', { step: 'The comment says what the code does', step_number: 2, total_steps: 2,
    next_step_required: false, findings: 'The diff is the comment alone', confidence: 'high', continuation_id: thread });
  assert.deepEqual(verdict.expert_analysis, commitExpert);
  assert.match(JSON.stringify(chats(mock)[2].body), /Says whether to ask a provider again/); // the diff
  assert.equal(chats(mock).length, 3); // nobody was asked twice

  if (process.env.UPDATE_SESSION) writeFileSync(page, `${transcript.text.trimEnd()}\n`);
  assert.equal(`${transcript.text.trimEnd()}\n`, readFileSync(page, 'utf8'));
});
