// The examples in README.md and docs/ are true: configurations load, JSON parses, commands are there. The plugin of
// the guide is built by tests/sdk/build_guide.sh.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { Place, bounded } from './place.mjs';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');
const pages = ['README.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];

/** Every fenced block of a language, with where it stands. */
function blocks(language) {
  return pages.flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8');
    return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))]
      .map((match) => ({ where: `${page}:${text.slice(0, match.index).split('\n').length}`, text: match[1] }));
  });
}

test('each configuration in the docs loads', bounded, (t) => {
  const place = new Place(t);
  const configurations = blocks('toml').filter(({ text }) => !text.startsWith('schema = 1'));
  assert.ok(configurations.length >= 3);
  for (const { where, text } of configurations) {
    const file = join(place.folder, 'example.toml');
    writeFileSync(file, text);
    const said = execFileSync(process.env.TOOLPOST, ['--config', file, 'config', 'check'],
      { env: { ...place.environment, MY_API_KEY: 'k' }, encoding: 'utf8' });
    assert.match(said, /good/, where);
  }
});

test('each piece of JSON in the docs parses', () => {
  const pieces = blocks('json');
  assert.ok(pieces.length >= 5);
  for (const { where, text } of pieces) assert.doesNotThrow(() => JSON.parse(text), where);
});

test('each shell line of the README that needs no build runs', bounded, (t) => {
  const place = new Place(t);
  const lines = blocks('sh').filter(({ where }) => where.startsWith('README.md'))
    .flatMap(({ text }) => text.split('\n')).map((line) => line.replace(/\s+#.*$/, '')).filter((line) => line.startsWith('toolpost '));
  assert.ok(lines.length >= 1);
  const env = { ...place.environment, PATH: `${dirname(process.env.TOOLPOST)}:${process.env.PATH}` };
  for (const line of lines) execFileSync('bash', ['-c', line], { env, cwd: place.project, stdio: 'pipe' });
});

test('each command that the docs name is there', bounded, (t) => {
  const place = new Place(t);
  const named = new Set(pages.flatMap((page) => [...readFileSync(join(root, page), 'utf8')
    .matchAll(/`toolpost ((?:config )?[a-z]+)[ `,]/g)].map((match) => match[1])));
  assert.ok(named.size >= 6);
  for (const command of named) {
    const help = execFileSync(process.env.TOOLPOST, [...command.split(' '), '--help'], { env: place.environment, encoding: 'utf8' });
    assert.match(help, /Usage/i, command);
  }
});
