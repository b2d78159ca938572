// A client that writes exactly the bytes it is told to. For MCP as clients should speak it, use an SDK.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export class RawPeer {
  messages = []; // everything the server wrote to its output, in order
  stderr = '';
  #waiting = new Set();

  constructor(place, extraEnvironment = {}) {
    const { command, args, cwd, env } = place.stdio;
    this.process = spawn(command, args, { cwd, env: { ...env, ...extraEnvironment } });
    this.process.stdin.on('error', () => {}); // the server may be gone; `exited` tells
    this.process.stderr.setEncoding('utf8').on('data', (text) => { this.stderr += text; });
    createInterface({ input: this.process.stdout }).on('line', (line) => this.#take(line));
    this.exited = once(this.process, 'exit');
    this.closed = once(this.process, 'close').then(() => {
      for (const waiter of this.#waiting) waiter.reject(new Error(`the server is gone; its stderr: ${this.stderr}`));
    });
    place.onEnd(async () => {
      this.process.kill('SIGKILL');
      await this.closed;
    });
  }

  #take(line) {
    const message = JSON.parse(line); // one message per line, nothing else: a throw here fails the test
    this.messages.push(message);
    for (const waiter of this.#waiting) {
      if (!waiter.wanted(message)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(message);
    }
  }

  write(bytes) { this.process.stdin.write(bytes); }
  send(message) { this.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`); }
  close() { this.process.stdin.end(); }

  /** The next message that is `wanted` and has not come yet. Ask before sending. */
  next(wanted) {
    return new Promise((resolve, reject) => this.#waiting.add({ wanted, resolve, reject }));
  }

  /** Writes a whole message and gives the answer to it. */
  async ask(message) {
    const answer = this.next((got) => got.id === message.id);
    this.send(message);
    return answer;
  }

  /** Writes raw bytes and gives the next message, whatever it is. */
  async provoke(bytes) {
    const answer = this.next(() => true);
    this.write(bytes);
    return answer;
  }

  call(id, name, args) {
    return this.ask({ id, method: 'tools/call', params: { name, arguments: args } });
  }

  async initialize() {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
    const answer = await this.ask({ id: 'initialize', method: 'initialize', params });
    this.send({ method: 'notifications/initialized' });
    return answer;
  }
}
