// A folder for one server of the matrix: its state, its configuration and copies of the plugins it shall find.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const toolpost = process.env.TOOLPOST;
export const sanitized = Boolean(process.env.TOOLPOST_SANITIZED);
/** For a sanitizer's build a row may be expected to end otherwise, or not be run at all. */
export const adapted = (row) => (sanitized && row.sanitized ? { ...row, ...row.sanitized } : row);

const built = process.env.TOOLPOST_FAULT_PLUGINS ?? join(dirname(toolpost ?? ''), '../tests/fault_plugins');

/** The file of a plugin as it was built. */
export const pluginFile = (name) => join(built, `${name}.so`);

export class FaultPlace {
  /** `within`: a command that starts the host as its last arguments say. */
  constructor({ plugins = [], config = '', within = [] } = {}) {
    this.within = within;
    this.folder = mkdtempSync(join(tmpdir(), 'toolpost-faults-'));
    for (const name of ['project', 'home', 'state', 'plugins']) mkdirSync(join(this.folder, name));
    this.state = join(this.folder, 'state');
    for (const name of plugins) copyFileSync(pluginFile(name), this.plugin(name));
    this.configFile = join(this.folder, 'toolpost.toml');
    writeFileSync(this.configFile, `[host]\nplugin_folders = ["${join(this.folder, 'plugins')}"]\n\n${config}`);
  }

  /** Where a plugin of that name is looked for. */
  plugin(name) { return join(this.folder, 'plugins', `${name}.so`); }

  get command() {
    const args = ['--config', this.configFile, '--state-dir', this.state, 'serve'];
    const env = { PATH: process.env.PATH, HOME: join(this.folder, 'home') };
    const [command, ...all] = [...this.within, toolpost, ...args];
    return { command, args: all, cwd: join(this.folder, 'project'), env };
  }

  remove() { rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }); }
}
