// The echo tool on the low-level server of the npm SDK's second line, to compare with.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(new URL('../e2e/package.json', import.meta.url));
const load = async (name) => import(pathToFileURL(require.resolve(`@modelcontextprotocol/server${name}`)).href);
const { Server } = await load('');
const { serveStdio } = await load('/stdio');

serveStdio(() => {
  const server = new Server({ name: 'sdk-echo', version: '1' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/call', async ({ params }) => ({
    content: [{ type: 'text', text: JSON.stringify(params.arguments) }],
    structuredContent: params.arguments,
  }));
  return server;
});
