// Faults of a plugin before its first turn: its file, its constructors, its entry, its create(). Each run has a server
// of its own, since a plugin that cannot run is not tried again.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { pluginFile } from './fault_place.mjs';

const built = (id, what, expect, more) => ({ id, what, expect: [expect].flat(), plugins: [id], ...more });
/** A file that `make` spoils; `absent` is the answer where the tool is not even offered. */
const absent = 'rpc -32602';
const spoilt = (id, what, make, expect = [absent], more) => ({ id, what, expect, plugins: [], make, ...more });

const good = () => readFileSync(pluginFile('no_table'));
const replaced = (bytes, from, to) => {
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from)) bytes.write(to, at, 'latin1');
  return bytes;
};
const sparse = 4 * 1024 ** 3;

// Where the check in the background was faster than the call, the plugin is known to be incompatible already.
export const startRows = [
  built('constructor_hangs', 'spins in a constructor', ['hung', 'incompatible'], { limit: 'ready' }),
  built('constructor_crashes', 'aborts in a constructor', ['crashed', 'incompatible']),
  built('constructor_exits', 'exits in a constructor', ['crashed', 'incompatible']),
  built('create_hangs', 'waits for ever in create()', ['hung', 'incompatible'], { limit: 'ready' }),
  built('create_crashes', 'aborts in create()', ['crashed', 'incompatible']),
  built('create_refuses', 'refuses in create()', 'incompatible'),
  built('wrong_abi', 'speaks another major of the ABI', 'incompatible'),
  built('short_record', 'returns a record that is too short', 'incompatible'),
  built('no_table', 'offers no table of functions', 'incompatible'),
  { ...built('missing_library', 'needs a library that is nowhere', 'incompatible'), says: /libnowhere\.so: cannot open shared object file: No such file or directory$/m },
  built('missing_symbol', 'needs a function that nobody has', 'incompatible'),
  spoilt('no_entry', 'exports no entry', (file) =>
    writeFileSync(file, replaced(good(), 'toolpost_plugin_entry', 'toolpost_plugin_entrx')), ['incompatible', absent]),
  spoilt('no_elf', 'is no library at all', (file) => writeFileSync(file, 'MZ'.repeat(5000))),
  spoilt('empty_file', 'is an empty file', (file) => writeFileSync(file, '')),
  spoilt('cut_elf', 'is cut off in the middle', (file) => {
    const bytes = good();
    writeFileSync(file, bytes.subarray(0, bytes.length / 2));
  }, [absent, 'incompatible', 'crashed']),
  spoilt('scrambled_elf', 'has a scrambled table of segments', (file) => {
    const bytes = good();
    bytes.fill(0xff, 64, 64 + 56 * 4);
    writeFileSync(file, bytes);
  }, [absent, 'incompatible', 'crashed']),
  spoilt('huge_file', 'is a sparse file of 4 GiB', (file) => {
    copyFileSync(pluginFile('no_table'), file);
    truncateSync(file, sparse);
  }),
  spoilt('fifo_file', 'is a FIFO that nobody writes to', (file) => execFileSync('mkfifo', [file])),
  spoilt('folder_file', 'is a folder', (file) => mkdirSync(file)),
  spoilt('linked_file', 'is a symbolic link', (file) => symlinkSync(pluginFile('no_table'), file)),
  spoilt('open_file', 'may be written by everybody', (file) => {
    copyFileSync(pluginFile('no_table'), file);
    chmodSync(file, 0o777);
  }),
];
