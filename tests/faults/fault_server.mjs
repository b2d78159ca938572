// One `toolpost serve` behind real pipes. Speaks raw lines, stamps every answer with the time it arrived, and reads
// from the log when a fault began: the plugin writes `begins TOKEN NANOSECONDS` to its standard error.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { processesBelow, workersOf } from '../e2e/processes.mjs';

/** Milliseconds on the monotonic clock, the same that plugins read. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

// Far above every limit of every row: an answer that has not come by now never will.
const answerMax = 20_000;

/** What an answer says in one word: `ok`, the error's code, or the protocol error's number. */
function outcomeOf(message) {
  if (message.error) return { code: `rpc ${message.error.code}`, text: message.error.message };
  const { result } = message;
  const code = result?.isError ? result._meta?.['toolpost/error']?.code ?? 'untold' : 'ok';
  return { code, text: result?.content?.[0]?.text ?? '', value: result?.structuredContent, meta: result?._meta };
}

export class FaultServer {
  #waiting = new Map(); // by id
  #lastId = 0;
  #parts = { stdout: '', stderr: '' };
  begun = new Map(); // token -> when its last turn began
  strays = 0; // answers that nobody waited for
  log = [];
  seen = []; // processes that were below the host whenever somebody looked

  constructor(place) {
    const { command, args, cwd, env } = place.command;
    this.process = spawn(command, args, { cwd, env });
    this.pid = this.process.pid;
    this.process.stdin.on('error', () => {}); // the server may be gone; `exited` tells
    this.process.stdout.on('data', (bytes) => this.#lines('stdout', bytes, (line, at) => this.#take(line, at)));
    this.process.stderr.on('data', (bytes) => this.#lines('stderr', bytes, (line) => this.#note(line)));
    this.exited = once(this.process, 'close').then(([code, signal]) => {
      for (const give of this.#waiting.values()) give({ code: 'gone', text: 'the server is gone', at: now() });
      this.#waiting.clear();
      return signal ?? code;
    });
  }

  #lines(stream, bytes, take) {
    const at = now();
    const lines = (this.#parts[stream] + bytes.toString('utf8')).split('\n');
    this.#parts[stream] = lines.pop();
    for (const line of lines) take(line, at);
  }

  #take(line, at) {
    const message = JSON.parse(line);
    if (message.method) return; // a notification
    const give = this.#waiting.get(message.id ?? 'none');
    if (!give) return void (this.strays += 1);
    this.#waiting.delete(message.id ?? 'none');
    give({ ...outcomeOf(message), at, message });
  }

  #note(line) {
    const match = /begins (\S+) (\d+)/.exec(line);
    if (match) this.begun.set(match[1], Number(BigInt(match[2])) / 1e6);
    else if (this.log.push(line) > 200) this.log.shift();
  }

  write(bytes) { this.process.stdin.write(bytes); }

  /** Resolves with the answer to `id`, or `unanswered`. `null` waits for an answer without an id. */
  answerTo(id) {
    return new Promise((resolve) => {
      const key = id ?? 'none';
      const timer = setTimeout(() => {
        this.#waiting.delete(key);
        resolve({ code: 'unanswered', text: '', at: now() });
      }, answerMax);
      this.#waiting.set(key, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

  /** No longer waits for an answer; one that comes counts as a stray. */
  forget(id) { this.#waiting.get(id ?? 'none')?.({ code: 'forgotten', at: now() }), this.#waiting.delete(id ?? 'none'); }

  nextId() { return `f${(this.#lastId += 1)}`; }

  async ask(method, params, id = this.nextId()) {
    const answer = this.answerTo(id);
    const sent = now();
    this.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return { ...(await answer), sent };
  }

  call(name, args, id) { return this.ask('tools/call', { name, arguments: args }, id); }

  cancel(id) {
    this.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } })}\n`);
  }

  async initialize() {
    const clientInfo = { name: 'faults', version: '1' };
    await this.ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    this.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    return this;
  }

  /** Resolves when each plugin has a worker: a host opens them all in the background, a second after its start. */
  async allOpened() {
    const until = now() + answerMax;
    while (now() < until) {
      const { value } = await this.call('status', {});
      if (value?.plugins.every(({ state }) => state === 'ready')) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('the host has not opened all plugins');
  }

  /** In KiB, resident the one and mapped the other. */
  get memory() { return Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1] ?? 0); }
  get addressSpace() { return Number(/VmSize:\s*(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1] ?? 0); }
  get descriptors() { return readdirSync(`/proc/${this.pid}/fd`).length; }
  get workers() { return workersOf(this.pid); }
  /** Keeps in mind which processes are below the host now: dead, it has none. */
  look() { this.seen.push(...processesBelow(this.pid)); }

  async end() {
    this.process.kill('SIGKILL');
    await this.exited;
  }
}
