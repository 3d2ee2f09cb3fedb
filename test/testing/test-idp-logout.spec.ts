import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createRemoteJWKSet, decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTestIdp, type TestIdp, type TestIdpLogoutDelivery } from '../../lib/testing/test-idp/index.js';
import { UserAgent } from '../fixtures/user-agent.js';
import { redirectUri, verdict, Wire } from './wire.js';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** An application's back-channel endpoint: verifies what it gets, as Back-Channel Logout §2.6 demands. */
class Receiver {
  readonly logouts: JWTPayload[] = [];
  readonly problems: unknown[] = [];
  answers = 200;
  /** Called instead of an answer. */
  hangs: (() => void) | undefined;
  readonly #server: Server = createServer((request, response) => {
    text(request)
      .then((body) => this.#verify(request.headers['content-type'], new URLSearchParams(body).get('logout_token')!))
      .then(
        (claims) => this.logouts.push(claims),
        (error: unknown) => this.problems.push(error),
      )
      .finally(() => (this.hangs === undefined ? response.writeHead(this.answers).end() : this.hangs()));
  });

  constructor(private readonly idp: TestIdp) {}

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/backchannel`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #verify(contentType: string | undefined, token: string): Promise<JWTPayload> {
    if (!contentType?.startsWith('application/x-www-form-urlencoded')) throw new Error(`it was sent as ${contentType}`);
    const keys = createRemoteJWKSet(new URL(`${this.idp.issuer}/jwks`));
    const { payload } = await jwtVerify(token, keys, {
      issuer: this.idp.issuer,
      audience: 'test-client',
      typ: 'logout+jwt',
      requiredClaims: ['iat', 'exp', 'jti', 'events'],
    });
    if ('nonce' in payload) throw new Error('a logout token must not have a nonce');
    return payload;
  }
}

let idp: TestIdp;
let wire: Wire;
let receiver: Receiver;
let uri: string;
beforeAll(async () => {
  idp = await startTestIdp({ signingAlgorithm: 'ES256' });
  wire = new Wire(idp);
  receiver = new Receiver(idp);
  uri = await receiver.listen();
});
afterAll(async () => {
  await idp.close();
  await receiver.close();
});
beforeEach(async () => {
  await idp.reset();
  idp.client().backchannelLogoutUri = uri;
  receiver.logouts.length = 0;
  receiver.problems.length = 0;
  receiver.answers = 200;
  receiver.hangs = undefined;
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a logout of a user at the test identity provider', () => {
  it('is told to the application, once for each session of that user', async () => {
    const sids = [await wire.signIn(), await wire.signIn()].map(({ id_token }) => decodeJwt(id_token!)['sid']);
    const { refresh_token: ofBob } = await wire.signIn({ login_hint: 'bob' });
    const deliveries = await idp.logOut('alice');

    expect(receiver.problems).toEqual([]);
    expect(receiver.logouts).toHaveLength(2);
    expect(new Set(receiver.logouts.map(({ sid }) => sid))).toEqual(new Set(sids));
    for (const claims of receiver.logouts) expect(claims).toMatchObject({ sub: 'alice', events: { [EVENT]: {} } });
    expect(deliveries).toEqual(
      sids.map(() => ({ clientId: 'test-client', uri, status: 200, logoutToken: expect.any(String) })),
    );
    expect(await idp.logOut('alice')).toEqual([]);
    expect(await verdict(wire.refresh(ofBob))).toBe('200');
  });

  it('is told with the sid of a minted token, and not for one that the provider does not know', async () => {
    const { sid } = decodeJwt(await idp.mintToken());
    await idp.mintToken({}, { signWith: 'unpublished' });
    await idp.mintToken({ client_id: 'unknown' });
    await idp.mintToken({ sid: 'mine' });
    expect(await idp.logOut('alice')).toHaveLength(2);
    expect(new Set(receiver.logouts.map((claims) => claims['sid']))).toEqual(new Set([sid, 'mine']));
  });

  it('waits 5 s for an application that does not answer, and no longer', async () => {
    const hanging = new Promise<void>((resolve) => (receiver.hangs = resolve));
    await wire.signIn();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let deliveries: readonly TestIdpLogoutDelivery[] | undefined;
    const loggedOut = idp.logOut('alice').then((result) => (deliveries = result));
    await hanging;
    await vi.advanceTimersByTimeAsync(4_999);
    expect(deliveries).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(await loggedOut).toEqual([{ clientId: 'test-client', uri, logoutToken: expect.any(String) }]);
  });

  it('leaves no timer behind that keeps the process alive', async () => {
    await wire.signIn();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const before = vi.getTimerCount();
    expect((await idp.logOut('alice')).map(({ status }) => status)).toEqual([200]);
    expect(vi.getTimerCount()).toBe(before);
  });

  it('is not told any more after reset(), where the application has not answered', async () => {
    const hanging = new Promise<void>((resolve) => (receiver.hangs = resolve));
    await wire.signIn();
    const loggedOut = idp.logOut('alice');
    await hanging;
    await idp.reset();
    expect((await loggedOut).map(({ status }) => status)).toEqual([undefined]);
  });

  it('does not outlive close(), where the application has not answered', async () => {
    const other = await startTestIdp({ signingAlgorithm: 'ES256' });
    const hanging = new Promise<void>((resolve) => (receiver.hangs = resolve));
    other.client().backchannelLogoutUri = uri;
    await other.mintToken();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const loggedOut = other.logOut('alice');
    await hanging;
    await other.close();
    expect((await loggedOut).map(({ status }) => status)).toEqual([undefined]);
  });

  it('ends the refresh tokens of the session', async () => {
    const { refresh_token: token } = await wire.signIn();
    await idp.logOut('alice');
    expect(await verdict(wire.refresh(token))).toBe('400 invalid_grant');
  });

  it('says how the application has answered, or that it has not', async () => {
    await wire.signIn();
    receiver.answers = 400;
    expect((await idp.logOut('alice')).map(({ status }) => status)).toEqual([400]);
    await wire.signIn();
    idp.client().backchannelLogoutUri = 'http://127.0.0.1:1/nobody';
    expect((await idp.logOut('alice')).map(({ status }) => status)).toEqual([undefined]);
  });

  it('is told to nobody who has not asked for it', async () => {
    idp.client().backchannelLogoutUri = undefined;
    const { refresh_token: token } = await wire.signIn();
    expect(await idp.logOut('alice')).toEqual([]);
    expect(await verdict(wire.refresh(token))).toBe('400 invalid_grant');
  });

  it('reaches the login of a device', async () => {
    const device = (await (await wire.post('/device_authorization', { scope: 'openid' })).json()) as Record<
      string,
      string
    >;
    idp.approveDevice(device['user_code']!);
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
    expect(await verdict(wire.post('/token', { grant_type, device_code: device['device_code'] }))).toBe('200');
    expect(await idp.logOut('alice')).toHaveLength(1);
    expect(receiver.problems).toEqual([]);
  });
});

it('a logout in the browser is told to the application before the browser comes back', async () => {
  const browser = new UserAgent();
  const request = { client_id: 'test-client', response_type: 'code', scope: 'openid', redirect_uri: redirectUri };
  const query = new URLSearchParams(request);
  const { url } = await browser.follow(`${idp.issuer}/authorize?${query}`, {
    until: (location) => location.startsWith(redirectUri),
  });
  await wire.redeem(new URL(url).searchParams.get('code')!);
  expect((await browser.get(`${idp.issuer}/logout`)).status).toBe(200);
  expect(receiver.logouts).toMatchObject([{ sub: 'alice' }]);
  expect(receiver.problems).toEqual([]);
});

it('the page for user codes lets a browser say yes or no', async () => {
  const browser = new UserAgent();
  const decide = async (decision: string) => {
    const response = await wire.post('/device_authorization', { scope: 'openid' });
    const device = (await response.json()) as Record<string, string>;
    const page = await browser.follow(device['verification_uri_complete']!);
    const { response: outcome } = await browser.submit(page, { decision });
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
    return [outcome.status, await verdict(wire.post('/token', { grant_type, device_code: device['device_code'] }))];
  };
  expect(await decide('approve')).toEqual([200, '200']);
  expect(await decide('deny')).toEqual([200, '400 access_denied']);
});

it('a user code that is unknown or decided is a mistake of the test, and so is an unknown user', async () => {
  const device = (await (await wire.post('/device_authorization')).json()) as Record<string, string>;
  const userCode = device['user_code']!;
  expect(() => idp.approveDevice('AAAA-AAAA')).toThrow('No device waits with the user code "AAAA-AAAA"');
  expect(() => idp.approveDevice(userCode, 'carol')).toThrow('no user "carol"');
  idp.denyDevice(userCode);
  expect(() => idp.approveDevice(userCode)).toThrow('is decided already');
});
