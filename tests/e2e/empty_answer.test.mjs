// A model that answers 200 and says nothing, in each of the ways in which servers do: `chat` must not call it success.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Place, bounded } from './place.mjs';
import { RawPeer } from './raw_peer.mjs';
import { startVendor } from './vendor_server.mjs';

const whole = (message, finish = 'stop') => ({ json: { model: 'm', usage: { prompt_tokens: 3, completion_tokens: 9 },
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }] } });

const answers = [
  ['an empty text', whole({ content: '' }), /bad_upstream.*local \(m\) answered nothing; ask again, or another model/],
  ['no text at all', whole({ content: null }), /answered nothing/],
  ['spaces', whole({ content: ' \n ' }), /answered nothing/],
  ['thoughts alone', whole({ content: '', reasoning_content: 'hm' }), /thought, but wrote no answer; ask again, with less thinking/],
  ['thoughts up to the limit', whole({ content: '', reasoning_content: 'hm' }, 'length'), /reached its output limit before it wrote an answer/],
  ['no choices', { json: { model: 'm', choices: [] } }, /bad_upstream.*200 without an answer/],
  ['a refusal', whole({ content: null, refusal: 'I cannot help.' }), /content_blocked.*the model refused: I cannot help\./],
  ['a withheld answer', whole({ content: '' }, 'content_filter'), /content_blocked.*withheld the answer/],
];

for (const [name, answer, expected] of answers) {
  test(`empty answer: ${name} is an error that says what to do`, bounded, async (t) => {
    const server = await startVendor(t, () => answer);
    const peer = new RawPeer(new Place(t).configure(
      `[providers.local]\nbase_url = "${server.url}/v1"\nmodels = ["m"]\nconfig = { stream = false }\n[retry]\nattempts_max = 1\n`));
    await peer.initialize();
    const { result } = await peer.call(1, 'chat', { prompt: 'why?' });
    assert.equal(result.isError, true);
    assert.match(result.content[0].text, expected);
  });
}
