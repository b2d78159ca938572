// Ctrl-C on commands that ask models: what ran is cancelled or kept, as it was meant, and nothing is left lying about.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { startModel } from './held_model.mjs';
import { Place, bounded } from './place.mjs';
import { providerConfig } from './provider_config.mjs';

const run = promisify(execFile);

async function start(t, hold) {
  const model = await startModel(t, { hold });
  const place = new Place(t).configure(providerConfig(model.url, { provider: '\n[providers.upstream.config]\nstream = false' }));
  const options = ['--config', join(place.folder, 'toolpost.toml'), '--state-dir', join(place.folder, 'state')];
  const temporary = join(place.folder, 'tmp');
  mkdirSync(temporary);
  const env = { ...place.environment, TMPDIR: temporary };
  const toolpost = (...args) => run(process.env.TOOLPOST, [...options, ...args], { cwd: place.project, env });
  /** Runs a command until the model is asked, then interrupts it. */
  const interrupt = async (...args) => {
    const command = spawn(process.env.TOOLPOST, [...options, ...args], { cwd: place.project, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [command.stdout, command.stderr]) stream.on('data', (data) => { text += data; });
    await model.until(() => model.open > 0);
    command.kill('SIGINT');
    const [status] = await once(command, 'close');
    return { status, text };
  };
  const kept = async () => JSON.parse((await toolpost('calls', 'list', '--json')).stdout).calls;
  return { model, place, temporary, toolpost, interrupt, kept };
}

test('interrupted: a call is cancelled, and the same call again is a new one', bounded, async (t) => {
  let holding = true;
  const { model, place, toolpost, interrupt, kept } = await start(t, () => holding);
  const record = join(place.folder, 'c.journal');
  const { status, text } = await interrupt('call', 'chat', '--record', record, '{"prompt":"held"}');
  assert.equal(status, 130);
  assert.match(text, /^toolpost: interrupted; the call is cancelled$/m);
  assert.equal(existsSync(record), false);
  assert.deepEqual(await kept(), []);
  holding = false;
  model.release();
  assert.match((await toolpost('call', 'chat', '{"prompt":"held"}')).stdout, /answer to held/);
});

test('interrupted: a durable call is kept, and said to be', bounded, async (t) => {
  const { interrupt, kept } = await start(t, () => true);
  const { status, text } = await interrupt('call', '--durable', 'chat', '{"prompt":"held"}');
  assert.equal(status, 130);
  assert.match(text, /^toolpost: interrupted; `toolpost calls resume` goes on with it/m);
  const [call] = await kept();
  assert.deepEqual([call.state, call.durable], ['interrupted', true]);
});

test('interrupted: smoke leaves neither files nor calls', bounded, async (t) => {
  const { temporary, interrupt, kept } = await start(t, () => true);
  const { status, text } = await interrupt('smoke');
  assert.equal(status, 130);
  assert.match(text, /^toolpost: interrupted$/m);
  assert.deepEqual(readdirSync(temporary), []);
  assert.deepEqual(await kept(), []);
});
