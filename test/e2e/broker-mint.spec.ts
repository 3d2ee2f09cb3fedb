import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MintRequest } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { brokerUrl, decoded, startBroker, type RunningBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

let op: TestOp;
let app: RunningBroker;
beforeAll(async () => {
  op = await startOp();
  app = await startBroker(adapters[0], op);
});
afterAll(async () => {
  await app.close();
  await op.close();
});

describe('TokenBroker.mint', () => {
  it('makes a token for a program, without a session', async () => {
    const response = await app.broker.mint({
      sub: 'nightly-job',
      scope: 'orders:read orders:write',
      roles: ['robot'],
      preferred_username: 'nightly',
      email: 'nightly@example.org',
      name: 'Nightly Job',
      expiresIn: 60,
    });
    expect(response).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires: expect.any(Number),
      expires_in: 60,
      scope: 'orders:read orders:write',
    });
    const { claims } = decoded(response.access_token);
    expect(claims).toEqual({
      iss: brokerUrl,
      aud: brokerUrl,
      sub: 'nightly-job',
      client_id: 'confidential-client',
      exp: response.expires,
      iat: response.expires - 70,
      jti: expect.any(String),
      scope: 'orders:read orders:write',
      roles: ['robot'],
      preferred_username: 'nightly',
      email: 'nightly@example.org',
      name: 'Nightly Job',
    });
    expect(app.eventsOf('minted').at(-1)).toEqual({
      type: 'minted',
      reason: 'program',
      jti: claims.jti,
      sub: 'nightly-job',
    });
    expect(await app.verdict(response.access_token)).toBe('accepted');
  });

  it('has defaults for all but the subject', async () => {
    const response = await app.broker.mint({ sub: 'job', scope: ['a', 'b'] });
    expect(response).toMatchObject({ expires_in: 3_600, scope: 'a b' });
    const plain = await app.broker.mint({ sub: 'job' });
    expect(plain).not.toHaveProperty('scope');
    expect(decoded(plain.access_token).claims).toMatchObject({ sub: 'job', roles: [] });
  });

  it.each<Partial<Record<keyof MintRequest, unknown>>>([
    { sub: '' },
    { sub: 5 },
    { sub: undefined },
    { sub: 'job', expiresIn: 0 },
    { sub: 'job', expiresIn: -1 },
    { sub: 'job', expiresIn: 1.5 },
    { sub: 'job', expiresIn: 86_401 },
    { sub: 'job', expiresIn: Number.NaN },
  ])('refuses %j', async (request) => {
    await expect(app.broker.mint(request as unknown as MintRequest)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it("names the user by his name with subject: 'username'", async () => {
    const named = await startBroker(adapters[1], op, { auth: { subject: 'username' } });
    for (const request of [{ sub: 'carol' }, { sub: 'carol', preferred_username: undefined }]) {
      expect(decoded((await named.broker.mint(request)).access_token).claims).toMatchObject({
        sub: 'carol',
        preferred_username: 'carol',
      });
    }
    await named.close();
  });
});
