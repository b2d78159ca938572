// Both official SDKs against one server: what each of its users sees shall be the same.
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio';

// 1.x takes a result schema before its options, 2.x does not.
const legacy = (client, params, options) => client.callTool(params, undefined, options);
const modern = (client, params, options) => client.callTool(params, options);

const pinned = { versionNegotiation: { mode: { pin: '2026-07-28' } } };

const sdks = {
  legacy: [() => new LegacyClient({ name: 'legacy', version: '1' }), LegacyTransport, legacy],
  modern: [() => new ModernClient({ name: 'modern', version: '1' }, pinned), ModernTransport, modern],
};

/** The names of both. */
export const clients = Object.keys(sdks);

/**
 * Connects one of them; gives what calls a tool by name, with arguments, that SDK's options and the call's `_meta`. Its `pid`
 * is the server's.
 */
export async function connect(name, place) {
  const [make, Transport, callTool] = sdks[name];
  const client = make();
  place.onEnd(() => client.close());
  const transport = new Transport(place.stdio);
  await client.connect(transport);
  await client.listTools(); // so that the SDK checks the answers against the tools' output schemas
  const call = (tool, args, options, _meta) => callTool(client, { name: tool, arguments: args, _meta }, options);
  return Object.assign(call, { pid: transport.pid });
}
