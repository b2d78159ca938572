// The terminal sessions of the docs are played again: each `$` line of a ```console block runs in one home, and what it
// prints must be what stands below it. `…` stands for anything within a line, and alone on a line for any lines.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { Place } from './place.mjs';

const docs = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../docs');

/** The commands of a page with the lines that each shall print, in order. */
function session(page) {
  const text = readFileSync(join(docs, page), 'utf8');
  const steps = [];
  for (const [, block] of text.matchAll(/^```console\n([^]*?)^```/gm)) {
    for (const line of block.trimEnd().split('\n')) {
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), lines: [], status: 0 });
      else if (/^\[status \d+\]$/.test(line)) steps.at(-1).status = Number(line.slice(8, -1));
      else steps.at(-1).lines.push(line);
    }
  }
  return steps;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function pattern(lines) {
  const parts = lines.map((line) => (line === '…' ? '(?:.*\\n)*?' : `${line.split(/ … |…/).map(escaped).join('.+?')}\\n`));
  return new RegExp(`^${parts.join('')}$`);
}

for (const [page, least] of [['tour.md', 15], ['operations.md', 14], ['migrating.md', 5]]) {
  test(`docs/${page}: the session goes as it is written`, { timeout: 120_000 }, (t) => {
    const place = new Place(t);
    const steps = session(page);
    assert.ok(steps.length >= least);
    const env = { ...place.environment, PATH: `${dirname(process.env.TOOLPOST)}:${process.env.PATH}` };
    for (const { command, lines, status } of steps) {
      const ended = spawnSync('bash', ['-c', `${command} 2>&1`], { env, cwd: place.project, encoding: 'utf8' });
      const out = ended.stdout && !ended.stdout.endsWith('\n') ? `${ended.stdout}\n` : ended.stdout;
      assert.match(out, pattern(lines), `$ ${command}`);
      assert.equal(ended.status, status, `$ ${command}\n${out}`);
    }
  });
}

test('a session that differs is seen', () => {
  assert.doesNotMatch('hello\n', pattern(['hullo']));
  assert.doesNotMatch('a\nb\n', pattern(['a']));
  assert.doesNotMatch('', pattern(['a … b']));
  assert.match('a\nx\ny\nb 12 c\n', pattern(['a', '…', 'b … c']));
});
