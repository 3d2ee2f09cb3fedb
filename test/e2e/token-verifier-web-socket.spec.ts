import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OidcAuthError, TokenVerifier, type IdTokenClaims } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { acceptWebSockets, ListeningClient, type ServerConnection } from '../fixtures/web-socket.js';

/** As docs/verifying-tokens.md has it, on the server of the application itself. */
@Injectable()
class NewsGateway implements OnApplicationBootstrap {
  @Inject(HttpAdapterHost) private readonly adapterHost!: HttpAdapterHost;
  @Inject(TokenVerifier) private readonly verifier!: TokenVerifier;
  readonly users = new Map<ServerConnection, IdTokenClaims>();

  onApplicationBootstrap(): void {
    const server = this.adapterHost.httpAdapter.getHttpServer();
    acceptWebSockets(server, (connection, request) => void this.handleConnection(connection, request));
  }

  async handleConnection(connection: ServerConnection, request: IncomingMessage): Promise<void> {
    try {
      const claims = await this.verifier.verify(tokenOf(request));
      this.users.set(connection, claims);
      const timer = setTimeout(() => connection.close(1008, 'token_expired'), claims.exp * 1_000 - Date.now());
      connection.once('close', () => {
        clearTimeout(timer);
        this.users.delete(connection);
      });
      connection.send(`news for ${claims.sub}`);
    } catch (error) {
      if (!(error instanceof OidcAuthError)) return connection.close(1011, 'server_error');
      connection.close(error.code.startsWith('token_') ? 1008 : 1013, error.code);
    }
  }
}

function tokenOf({ headers }: IncomingMessage): string {
  const [scheme, token] = (headers['sec-websocket-protocol'] ?? '').split(/, */);
  return scheme === 'bearer' ? (token ?? '') : (headers.authorization ?? '').replace(/^Bearer /i, '');
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('a WebSocket gateway beside the routes of an application on $name', (adapter) => {
  let app: RunningApplication;
  const clients: ListeningClient[] = [];
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op), module: { providers: [NewsGateway] } });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(() => app.close());

  async function connect(headers: Record<string, string>, to = app): Promise<ListeningClient> {
    clients.push(await ListeningClient.connect(to.url, headers));
    return clients.at(-1)!;
  }
  const authorized = (token: string) => ({ authorization: `Bearer ${token}` });
  const usersOf = ({ app: nest }: RunningApplication) => nest.get(NewsGateway).users;

  it('takes a token by the header of a program, and by the subprotocol of a browser', async () => {
    const token = await op.mint();
    expect(await (await connect(authorized(token))).next()).toBe('news for alice');
    const browser = await connect({ 'sec-websocket-protocol': `bearer, ${token}` });
    expect(browser.headers['sec-websocket-protocol']).toBe('bearer');
    expect(await browser.next()).toBe('news for alice');
    expect((await app.fetch('/auth/v2/userinfo', bearer(token))).status).toBe(200);
  });

  it.each<[string, () => string | Promise<string>]>([
    ['token_opaque', () => ''],
    ['token_malformed', () => 'a.b.c'],
    ['token_expired', () => op.mint({ exp: 1 })],
    ['token_audience_mismatch', () => op.mint({ aud: 'another', azp: 'another' })],
    ['token_type_not_allowed', () => op.mint({}, { typ: 'logout+jwt' })],
  ])('tells nobody anything without a valid token: %s', async (code, make) => {
    expect(await (await connect(authorized(await make()))).next()).toEqual({ code: 1008, reason: code });
  });

  it('ends a connection with its token, and forgets the user', async () => {
    const client = await connect(authorized(await op.mint({ exp: Math.floor(Date.now() / 1_000) + 1 })));
    expect(await client.next()).toBe('news for alice');
    expect(await client.next()).toEqual({ code: 1008, reason: 'token_expired' });
    client.close();
    await expect.poll(() => usersOf(app).size).toBe(0);
  });

  it('asks to come again where nobody can say, and lets in whoever does', async () => {
    const second = await startOp();
    second.faults.set('jwks', fault.status(503));
    const started = await startApplication(adapter, {
      auth: clientOptions(second),
      module: { providers: [NewsGateway] },
    });
    const token = await second.mint();
    expect(await (await connect(authorized(token), started)).next()).toEqual({
      code: 1013,
      reason: 'provider_unreachable',
    });
    second.faults.clear();
    const again = async () => (await connect(authorized(token), started)).next();
    await expect.poll(again, { interval: 100 }).toBe('news for alice');
    for (const client of clients.splice(0)) client.close();
    await started.close();
    await second.close();
  });
});
