// The question of `chat`: as an argument, as a file because it is too long for one, or missing.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { answer, startMock } from './model_server.mjs';
import { Place, bounded } from './place.mjs';
import { providerConfig } from './provider_config.mjs';
import { RawPeer } from './raw_peer.mjs';

const charactersMax = 100_000;

/** A server whose model answers whatever it is asked. What was asked is kept here: aimock's journal drops long requests. */
async function start(t) {
  const questions = [];
  const mock = await startMock(t, (m) => m.onMessage(/.*/s, ({ messages }) => {
    questions.push(messages.at(-1).content);
    return { content: answer };
  }));
  const place = new Place(t).configure(providerConfig(mock.url));
  const peer = new RawPeer(place);
  await peer.initialize();
  const chat = async (args) => (await peer.call(1, 'chat', args)).result;
  return { questions, place, chat };
}

test('chat: a prompt of as many characters as may be sent is asked', bounded, async (t) => {
  const { questions, chat } = await start(t);
  const prompt = 'ü'.repeat(charactersMax); // characters, not bytes
  assert.equal((await chat({ prompt })).structuredContent.content, answer);
  assert.deepEqual(questions, [prompt]);
});

test('chat: a prompt of one character more is to come as a file, and nothing is asked', bounded, async (t) => {
  const { questions, chat } = await start(t);
  const { structuredContent, isError } = await chat({ prompt: 'ü'.repeat(charactersMax + 1) });
  assert.equal(isError ?? false, false);
  assert.equal(structuredContent.status, 'resend_prompt');
  for (const part of [/100001 characters/, /at most 100000/, /prompt\.txt/, /among files/]) assert.match(structuredContent.content, part);
  assert.deepEqual(questions, []);
});

test('chat: a prompt.txt is the question, however long, and no file besides', bounded, async (t) => {
  const { questions, place, chat } = await start(t);
  const text = `Which of these is blue?\n${'The sky.\n'.repeat(20_000)}`;
  const { structuredContent } = await chat({ prompt: '', files: [place.write('prompt.txt', text)] });
  assert.equal(structuredContent.content, answer);
  assert.equal(structuredContent.metadata.files_left_out, undefined);
  assert.deepEqual(questions, [text]);
});

test('chat: an empty prompt without a file is refused, and nothing is asked', bounded, async (t) => {
  const { questions, chat } = await start(t);
  const result = await chat({ prompt: '' });
  assert.equal(result.isError, true);
  assert.equal(result._meta['toolpost/error'].code, 'invalid_input');
  assert.match(result.content[0].text, /"prompt" is empty/);
  assert.equal(result._meta['toolpost/call'].attempts, 0);
  assert.deepEqual(questions, []);
});

test('chat: a folder among the files stands for the text files in it, without those of builds', bounded, async (t) => {
  const { questions, place, chat } = await start(t);
  for (const folder of ['src', 'src/deep', 'src/node_modules']) mkdirSync(join(place.project, folder));
  place.write('src/a.c', 'int a;\n');
  place.write('src/deep/b.py', 'b = 1\n');
  place.write('src/picture.png', 'no text');
  place.write('src/node_modules/c.js', 'let c;\n');
  const { structuredContent } = await chat({ prompt: 'what is there?', files: ['src'] });
  assert.equal(structuredContent.metadata.files_left_out, undefined);
  assert.match(questions[0], /BEGIN FILE: src\/a\.c ---\nint a;[^]*BEGIN FILE: src\/deep\/b\.py ---\nb = 1/);
  for (const other of ['picture.png', 'c.js']) assert.ok(!questions[0].includes(other), questions[0]);
});
