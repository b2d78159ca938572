// Where one test's server lives: a temporary folder with its state, its project and its configuration.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** No test here takes seconds; one that waits this long waits for something that never comes. */
export const bounded = { timeout: 20_000 };

/** The server runs under AddressSanitizer, ten times slower: what is done again and again is done less often. */
export const sanitized = Boolean(process.env.TOOLPOST_SANITIZED);

export class Place {
  #ends = [];

  constructor(t) {
    if (!process.env.TOOLPOST) throw new Error('TOOLPOST must name the toolpost binary');
    this.folder = mkdtempSync(join(tmpdir(), 'toolpost-e2e-'));
    this.project = join(this.folder, 'project'); // the working directory, so the root that files may be read from
    for (const name of ['project', 'home', 'state']) mkdirSync(join(this.folder, name), { mode: 0o700 });
    // One hook: node:test runs hooks oldest first and skips the rest after a failure, which would leave a server running.
    t.after(async () => {
      const ended = await Promise.allSettled(this.#ends.map((end) => end()));
      // A probe that an SDK started besides the client may still be writing its state.
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      for (const one of ended) if (one.status === 'rejected') throw one.reason;
    });
    this.args = ['--state-dir', join(this.folder, 'state'), 'serve'];
  }

  /** Gives the server this configuration file; the machine's own is kept out by `environment`. */
  configure(toml) {
    const path = join(this.folder, 'toolpost.toml');
    writeFileSync(path, toml);
    this.args.unshift('--config', path);
    return this;
  }

  /** What ends a server of this place; done before its folder is removed. */
  onEnd(end) { this.#ends.push(end); }

  write(name, text) {
    const path = join(this.project, name);
    writeFileSync(path, text);
    return path;
  }

  get environment() {
    // What the run of the tests says of sanitizers holds for every process of them.
    const { ASAN_OPTIONS, UBSAN_OPTIONS } = process.env;
    return { PATH: process.env.PATH, HOME: join(this.folder, 'home'), ...(ASAN_OPTIONS && { ASAN_OPTIONS }), ...(UBSAN_OPTIONS && { UBSAN_OPTIONS }) };
  }

  /** What the stdio transports of both SDKs take. */
  get stdio() {
    const { args, project: cwd, environment: env } = this;
    return { command: process.env.TOOLPOST, args, cwd, env, stderr: 'pipe' };
  }
}
