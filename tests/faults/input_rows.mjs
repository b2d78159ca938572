// Faults of a client's bytes. Each row is written as it stands; the answer has the id "input", or none where it was unreadable.

const request = (member, id = '"input"') => `{"jsonrpc":"2.0","id":${id},${member}}\n`;
const call = (args, name = '"echo"') => request(`"method":"tools/call","params":{"name":${name},"arguments":${args}}`);
const text = (inside) => call(`{"text":"${inside}"}`);
const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);
const many = (count, make) => [...Array(count).keys()].map(make).join(',');
const row = (id, what, bytes, ...expect) => ({ id, what, bytes, expect });

const unreadable = 'rpc -32700';
const invalid = 'rpc -32600';
const unknown = 'rpc -32601';
const wrong = 'rpc -32602';

/** Every byte but the end of a line, in no order. */
const binary = Buffer.from([...Array(1 << 20).keys()].map((i) => ((i * 2654435761) >>> 24) || 1)
  .map((byte) => (byte === 10 ? 11 : byte)).concat(10));
const cancelled = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"never"}}\n';
const longId = 'i'.repeat(1_000_000);

export const inputRows = [
  row('garbage', 'no JSON at all', 'garbage\n', unreadable),
  row('half_object', 'half an object', '{"jsonrpc":"2.0","id":"input"\n', unreadable, invalid),
  row('trailing', 'two objects in one line', `${request('"method":"ping"').trim()}{}\n`, unreadable, invalid),
  row('nul_bytes', 'NUL bytes', Buffer.from('{"jsonrpc":"2.0",\0\0}\n'), unreadable),
  row('binary', '1 MiB of random-looking bytes', binary, unreadable),
  row('bad_utf8', 'invalid UTF-8 in a string', Buffer.from(text('a\xff\xc3b'), 'latin1'), unreadable, invalid),
  row('overlong_utf8', 'an overlong form', Buffer.from(text('a\xc0\x80b'), 'latin1'), unreadable, invalid),
  row('surrogate', 'half of a surrogate pair', text('\\ud800'), unreadable, invalid),
  row('escaped_nul', 'an escaped NUL', text('a\\u0000b'), invalid, 'ok'),
  row('byte_order_mark', 'a byte order mark', `\ufeff${request('"method":"ping"')}`, unreadable, 'ok'),
  row('oversize', 'a line of 5 MB', text('x'.repeat(5_000_000)), invalid),
  row('oversize_garbage', 'a line of 64 MiB without any JSON',
    Buffer.concat([Buffer.alloc(64 << 20, 'x'), Buffer.from('\n')]), invalid),
  row('duplicate_key', 'a key given twice', request('"method":"ping","method":"tools/list"'), invalid),
  row('duplicate_argument', 'an argument given twice', call('{"text":"a","text":"b"}'), invalid),
  row('deep', '10,000 levels', call(`{"text":${nested(10_000)}}`), invalid, unreadable),
  row('deep_open', '2,000,000 brackets that are never closed', `${'['.repeat(2_000_000)}\n`, unreadable, invalid),
  row('many_values', '300,000 values', call(`{"text":[${many(300_000, () => 0)}]}`), invalid),
  row('many_keys', '100,000 keys', call(`{${many(100_000, (i) => `"k${i}":0`)}}`), invalid),
  row('long_key', 'a key of 100 KB', call(`{"${'k'.repeat(100_000)}":0}`), invalid),
  row('huge_number', 'a number of a thousand digits', call(`{"text":${'9'.repeat(1000)}}`), invalid, unreadable),
  row('huge_exponent', '1e999999', call('{"text":1e999999}'), invalid, unreadable),
  row('batch', 'a batch', `[${request('"method":"ping"').trim()}]\n`, invalid),
  row('empty_batch', 'an empty batch', '[]\n', invalid),
  row('no_version', 'no "jsonrpc"', '{"id":"input","method":"ping"}\n', invalid),
  row('no_method', 'no method', '{"jsonrpc":"2.0","id":"input"}\n', invalid),
  row('number_method', 'a number for a method', request('"method":7'), invalid),
  row('object_id', 'an object for an id', request('"method":"ping"', '{}'), invalid),
  { ...row('long_id', 'an id of 1 MB', request('"method":"ping"', `"${longId}"`), 'ok', invalid), answerId: longId },
  row('list_params', 'a list for params', request('"method":"tools/call","params":[1]'), wrong),
  row('unknown_method', 'a method that does not exist', request('"method":"tools/destroy"'), unknown),
  row('unknown_tool', 'a tool that does not exist', call('{}', '"../../etc/passwd"'), wrong),
  row('wrong_arguments', 'arguments of a wrong type', call('{"text":{}}'), 'invalid_input'),
  row('list_arguments', 'a list for arguments', call('[]'), wrong, 'invalid_input'),
  row('wide_open', 'invisible and bidirectional characters', text('a\u202eb\u200b'), 'ok'),
  { ...row('stray_cancel', 'cancels a call that was never made', cancelled, 'silence'), silent: true },
  { ...row('stray_response', 'a response to nothing',
    '{"jsonrpc":"2.0","id":"never","result":{}}\n', 'silence'), silent: true },
  { ...row('empty_lines', '100,000 empty lines', '\n'.repeat(100_000), unreadable, 'silence'), silent: true },
  { ...row('half_line', 'half a line, and the end of input',
    '{"jsonrpc":"2.0","id":"input","method":"pi', 'ended'), ends: true },
  { ...row('end_at_once', 'the end of input before anything', '', 'ended'), ends: true },
];
