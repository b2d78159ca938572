// Runs the rows of input_rows.mjs: one server for all of them, and one of its own for what ends the input.
import { FaultPlace } from './fault_place.mjs';
import { FaultServer } from './fault_server.mjs';
import { innocents } from './innocents.mjs';
import { RowResult } from './measuring.mjs';

const kinds = ['echo', 'echo'];
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function runOnce(server, row) {
  if (row.silent) {
    const strays = server.strays;
    server.write(row.bytes);
    const beside = await innocents(server, kinds); // answered after it, so an answer to it would have come
    const code = server.strays === strays ? 'silence' : row.expect[0];
    return { code, text: '', beside };
  }
  const id = row.answerId ?? 'input';
  const answers = [server.answerTo(id), server.answerTo(null)];
  server.write(row.bytes);
  const beside = innocents(server, kinds);
  const answer = await Promise.race(answers);
  server.forget(id);
  server.forget(null);
  const next = await innocents(server, ['echo']);
  const problem = next.failed ? `the next call: ${next.failure}` : undefined;
  return { code: answer.code, text: answer.text, beside: await beside, problem };
}

/** A server whose input ends must end as well, with status 0 and every call answered. */
async function runEnding(row) {
  const place = new FaultPlace();
  const server = new FaultServer(place);
  try {
    if (row.bytes) await server.initialize();
    const beside = row.bytes ? innocents(server, kinds) : { asked: 0, failed: 0 };
    server.write(row.bytes);
    server.process.stdin.end();
    const status = await server.exited;
    return { code: status === 0 ? 'ended' : `status ${status}`, text: '', beside: await beside };
  } finally {
    await server.end();
    place.remove();
  }
}

/** Gives a RowResult per row, and what the whole group did to the server. */
export async function runInputRows(rows, runs, report) {
  const place = new FaultPlace();
  const server = await new FaultServer(place).initialize();
  const results = [];
  try {
    if (runs > 1) await server.allOpened(); // or that would count as growth
    for (let i = 0; i < 20; ++i) await innocents(server, kinds);
    const memory = server.memory;
    for (const row of rows) {
      const result = new RowResult('input', row);
      for (let number = 0; number < runs; ++number) {
        if (row.ends) result.add(await runEnding(row));
        else result.add(await runOnce(server, row), server.memory);
      }
      results.push(result);
      report(result);
    }
    // What large messages needed is given back a second after the last of them (host/cli/serve_command.cpp).
    for (let tries = 0; runs > 1 && tries < 30 && server.memory - memory >= 1024; ++tries) await wait(100);
    return { results, whole: { growth: server.memory - memory } };
  } finally {
    await server.end();
    place.remove();
  }
}
