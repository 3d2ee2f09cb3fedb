import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Upkeep } from '../../lib/broker/upkeep.js';
import type { EncryptionKey } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { databases, type BrokerDatabase } from '../fixtures/broker-database.js';
import { decoded, newEncryptionKey, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { clients, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, tokensIn } from '../fixtures/responses.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

const [old, fresh] = [newEncryptionKey(), newEncryptionKey()];

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(databases)('the key ring ($database)', ({ open }) => {
  let db: BrokerDatabase;
  const operator = new OperatorLines();
  const running: RunningBroker[] = [];
  beforeEach(async () => {
    operator.clear();
    db = await open();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((app) => app.close()));
    await db.close();
  });

  async function start(encryptionKeys: EncryptionKey[] | undefined): Promise<RunningBroker> {
    const app = await startBroker(adapters[1], op, {
      auth: { brokerStoreUrl: db.url, encryptionKeys },
      logger: operator,
    });
    running.push(app);
    return app;
  }

  /** The next deploy: the session goes on, tokens of before are good, and no key had to be made. */
  async function deploy(encryptionKeys: EncryptionKey[] | undefined, { access_token, refresh_token }: Tokens) {
    const app = await start(encryptionKeys);
    expect(await app.verdict(access_token)).toBe('accepted');
    const next = await tokensIn(await app.refresh(refresh_token!));
    expect(decoded(next.access_token).claims['sid']).toBe(decoded(access_token).claims['sid']);
    expect(app.eventsOf('key_rotated')).toEqual([]);
    expect(app.eventsOf('record_unreadable')).toEqual([]);
    return { app, tokens: next };
  }

  type Tokens = Awaited<ReturnType<typeof signIn>>;

  it('is rotated in two deploys that end no session', async () => {
    const first = await start([old]);
    let tokens = await signIn(first);
    const sleeping = await signIn(first, { login_hint: 'bob' });

    ({ tokens } = await deploy([old, fresh], tokens));
    const second = await deploy([fresh, old], tokens);
    // While both deploys run side by side, each reads what the other wrote.
    ({ tokens } = await deploy([old, fresh], second.tokens));

    // The signing key and the session that nobody has used since.
    const report = await second.app.broker.reencrypt();
    expect(report).toEqual({ reencrypted: 3, unreadable: 0 });
    expect(await second.app.broker.reencrypt()).toEqual({ reencrypted: 0, unreadable: 0 });

    await deploy([fresh], tokens);
    await deploy([fresh], sleeping);
  });

  it('may hold the key that was derived from the client secret', async () => {
    const tokens = await signIn(await start(undefined));
    const { clientSecret } = clients.confidential;
    const { app, tokens: next } = await deploy([fresh, { fromClientSecret: clientSecret }], tokens);
    expect(await app.broker.reencrypt()).toEqual({ reencrypted: 1, unreadable: 0 });
    await deploy([fresh], next);
  });

  it('can be lost: the application starts with a new signing key, says so, and keeps what it cannot read', async () => {
    const before = await start([old]);
    const tokens = await signIn(before);
    const rows = await db.rows('grant');

    const app = await start([fresh]);
    expect(app.eventsOf('key_rotated')).toMatchObject([{ generation: 2, reason: 'unreadable' }]);
    expect(app.eventsOf('record_unreadable')).toEqual([{ type: 'record_unreadable', kind: 'key', id: '1' }]);
    expect(
      operator.containing('record unreadable: kind=key id=1 (of another provider, client, issuer or key ring)'),
    ).toHaveLength(1);

    await expectOAuthError(await app.refresh(tokens.refresh_token!), 400, 'invalid_grant');
    await expectOAuthError(await app.refresh(tokens.refresh_token!), 400, 'invalid_grant');
    const sid = decoded(tokens.access_token).claims['sid'] as string;
    expect(app.eventsOf('record_unreadable').slice(1)).toEqual([{ type: 'record_unreadable', kind: 'grant', id: sid }]);
    expect(app.eventsOf('reuse_detected')).toEqual([]);
    expect(app.eventsOf('ended')).toEqual([]);
    expect(await db.rows('grant')).toEqual(rows);
    expect(op.requests('revocation')).toEqual([]);

    expect(await app.verdict((await signIn(app)).access_token)).toBe('accepted');
    expect(await app.broker.reencrypt()).toEqual({ reencrypted: 0, unreadable: 2 });
    expect(await app.broker.sessions(op.issuer, 'alice')).toHaveLength(1);

    // Found again, after all.
    const found = await start([fresh, old]);
    expect((await found.refresh(tokens.refresh_token!)).status).toBe(200);
    expect(await found.verdict(tokens.access_token)).toBe('accepted');
  });

  it('may differ between two instances for a while: each goes on with what it can read, and removes nothing', async () => {
    const one = await start([old]);
    const ofOne = await signIn(one);
    const other = await start([fresh]);
    const ofOther = await signIn(other);

    await expectOAuthError(await other.refresh(ofOne.refresh_token!), 400, 'invalid_grant');
    await expectOAuthError(await one.refresh(ofOther.refresh_token!), 400, 'invalid_grant');
    expect(await one.verdict(ofOther.access_token)).toContain('401');
    for (const app of [one, other]) await app.app.get(Upkeep, { strict: false }).run();
    expect((await one.refresh(ofOne.refresh_token!)).status).toBe(200);
    expect(await one.verdict((await signIn(one)).access_token)).toBe('accepted');
    expect(await other.verdict((await signIn(other)).access_token)).toBe('accepted');
    for (const app of [one, other]) expect(app.eventsOf('ended')).toEqual([]);

    const both = await start([fresh, old]);
    expect((await both.refresh(ofOther.refresh_token!)).status).toBe(200);
    expect(await both.verdict(ofOne.access_token)).toBe('accepted');
    expect(await both.verdict(ofOther.access_token)).toBe('accepted');
  });

  it('leaves alone what another key has sealed, when an access token ends a session', async () => {
    const before = await start([old]);
    const tokens = await signIn(before);
    const app = await start([fresh]);
    // The signing key is lost with the ring, so a token of before shows nothing any more.
    const logout = { method: 'POST', headers: { authorization: `Bearer ${tokens.access_token}` } };
    await expectOAuthError(await app.fetch('/auth/v2/logout', logout), 401, 'invalid_token');
    expect(await db.rows('grant')).toHaveLength(1);
  });
});
