// The calls beside a fault. Each must get its own answer, whatever the fault does.

let last = 0;

/** Who can be asked, and whether an answer is the asker's own. */
const askers = {
  behave: (server, token) => server.call('behave', { token }).then((answer) => [answer, answer.value?.token]),
  echo: (server, token) => server.call('echo', { text: token }).then((answer) => [answer, answer.value?.text]),
  chat: (server, token) =>
    server.call('chat', { prompt: token, model: 'good/m' }).then((answer) => [answer, answer.value?.content]),
};

/** Starts one innocent call of each kind; gives how many of how many failed, and what the first failure was. */
export async function innocents(server, kinds = ['behave', 'echo', 'echo']) {
  const calls = kinds.map(async (kind) => {
    const token = `innocent.${(last += 1)}`;
    const [answer, said] = await askers[kind](server, token);
    return answer.code === 'ok' && said === token ? undefined : `${kind}: ${answer.code} ${answer.text}`;
  });
  const failures = (await Promise.all(calls)).filter(Boolean);
  return { asked: kinds.length, failed: failures.length, failure: failures[0] };
}

/** Adds the counts of later innocent calls to earlier ones. */
export function addInnocents(sum, more) {
  sum.asked += more.asked;
  sum.failed += more.failed;
  sum.failure ??= more.failure;
}
