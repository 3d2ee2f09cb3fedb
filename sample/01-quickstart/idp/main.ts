/** The demo identity provider: a process of its own, as any identity provider is to an application. */
import { createServer } from 'node:http';
import { icon } from './layout.js';
import { login } from './login.js';
import { quiet } from './quiet.js';

quiet();
const { createProvider } = await import('./provider.js');

const port = Number(process.env['PORT'] ?? 4000);
const issuer = process.env['ISSUER'] ?? `http://localhost:${port}`;

const audience = process.env['OIDC_AUDIENCE'] ?? 'urn:quickstart';
if (!URL.canParse(audience))
  throw new Error(`OIDC_AUDIENCE must be a URI for this provider, not "${audience}" (RFC 8707)`);

const provider = createProvider({
  issuer,
  clientId: process.env['OIDC_CLIENT_ID'] ?? 'quickstart',
  clientSecret: process.env['OIDC_CLIENT_SECRET'] ?? 'quickstart-secret-for-this-machine-only',
  applicationUrls: (process.env['APPLICATION_URLS'] ?? 'http://localhost:3000/').split(' '),
  audience,
  accessTokenTtl: Number(process.env['ACCESS_TOKEN_TTL'] ?? 300),
});
provider.on('server_error', (_ctx, error) => console.error(error));
const handle = provider.callback();

const server = createServer((req, res) => {
  if (req.url?.startsWith('/login/')) void login(provider, req, res);
  else if (req.url === '/favicon.ico') res.writeHead(200, { 'content-type': 'image/svg+xml' }).end(icon);
  else void handle(req, res);
});

server.listen(port, process.env['HOST'] ?? 'localhost', () => process.send?.('ready'));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}
