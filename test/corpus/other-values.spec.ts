import * as fc from 'fast-check';
import { decodeJwt } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import type { TokenResponse } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { brokerUrl, startBroker } from '../fixtures/broker.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { authorizationRequest, caughtRedirect, ownCallback, signIn as signInElsewhere } from '../fixtures/sign-in.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';
import { jwksUriOf } from './broker-signer.js';
import { Court } from './court.js';
import { joseVerdictOf } from './jose-verdict.js';
import { withMember } from './mutations/json.js';
import { damagedCharacters, type Kinds } from './mutations/index.js';
import { itRefuses } from './refusal.js';
import { CorpusRoutes } from './routes.js';
import { encode, signed, signerOf } from './signer.js';

const LOGINS = 4;
const STATES = 20;

/** What clients, browsers and the provider are given beside access tokens. */
interface Values {
  readonly idTokens: string[];
  readonly refreshTokens: string[];
  readonly states: string[];
}

async function valuesOf(op: TestOp, app: RunningApplication): Promise<Values> {
  const answers: TokenResponse[] = [];
  const ask = async (fields: Record<string, string>) => {
    answers.push((await (await app.fetch('/auth/v2/token', form(fields))).json()) as TokenResponse);
  };
  const codes: string[] = [];
  for (let login = 0; login < LOGINS; login++) {
    const query = { login_hint: login % 2 ? 'alice' : 'bob', scope: 'openid profile email offline_access' };
    answers.push(await signIn(app, query));
    await ask({ refresh_token: answers.at(-1)!.refresh_token! });
    const device = (await (await app.fetch('/auth/v2/device', { method: 'POST' })).json()) as Record<string, string>;
    await op.approveDevice(device['user_code']!);
    await ask({ device_code: device['device_code']! });
    codes.push((await signInElsewhere(app, { redirect_uri: caughtRedirect })).code, device['device_code']!);
  }
  const states = await Promise.all(
    Array.from({ length: STATES }, async (_, index) => {
      const request = await authorizationRequest(app, { redirect_uri: index % 2 ? caughtRedirect : ownCallback(app) });
      return request.searchParams.get('state')!;
    }),
  );
  const defined = (values: readonly (string | undefined)[]) => values.filter((value) => value !== undefined);
  return {
    idTokens: defined(answers.map(({ id_token }) => id_token)),
    refreshTokens: defined(answers.map(({ refresh_token }) => refresh_token)),
    states: [...states, ...codes],
  };
}

describe('as an access token', async () => {
  const op = await startOp();
  // No audience: what is meant for the client is accepted, as ID tokens are.
  const auth = { ...clientOptions(op), audience: undefined };
  const module = { controllers: [CorpusRoutes] };
  const applications = await Promise.all(adapters.map((adapter) => startApplication(adapter, { auth, module })));
  const brokers = await Promise.all(adapters.map((adapter) => startBroker(adapter, op, { module })));
  afterAll(async () => {
    await Promise.all([...applications, ...brokers].map((each) => each.close()));
    await op.close();
  });

  const passing = new Court(
    applications,
    await joseVerdictOf([{ jwksUri: `${op.issuer}/jwks`, options: { issuer: op.issuer } }]),
  );
  const brokerOptions = { issuer: brokerUrl, audience: brokerUrl, typ: 'at+jwt' };
  const brokering = await Promise.all(
    brokers.map(async (app) => {
      return new Court([app], await joseVerdictOf([{ jwksUri: jwksUriOf(app), options: brokerOptions }]));
    }),
  );
  let turn = 0;
  const judge = async (value: string) =>
    (await passing.mistreatmentOfBad(value)) ?? brokering[turn++ % brokering.length]!.mistreatmentOfBad(value);

  const [own, provided] = await Promise.all([valuesOf(op, brokers[0]!), valuesOf(op, applications[0]!)]);
  const values = {
    idTokens: [...own.idTokens, ...provided.idTokens],
    refreshTokens: [...own.refreshTokens, ...provided.refreshTokens],
    states: [...own.states, ...provided.states],
  };

  it('none of what else is given out is accepted', async () => {
    // Otherwise this has tried nothing: those of devices have no nonce.
    const nonces = provided.idTokens.map((token) => decodeJwt(token)['nonce']);
    expect(new Set(nonces.filter((nonce) => nonce !== undefined)).size).toBe(LOGINS);
    expect(nonces.filter((nonce) => nonce === undefined)).toHaveLength(LOGINS);
    expect(new Set(own.refreshTokens).size).toBe(LOGINS * 3);
    expect(new Set(provided.refreshTokens).size).toBe(LOGINS * 3);
    expect(new Set(values.states).size).toBe((STATES + LOGINS * 2) * 2);
    const all = Object.values(values).flat();
    expect((await Promise.all(all.map(judge))).filter((wrong) => wrong !== undefined)).toEqual([]);
  });

  const signer = signerOf(op.currentKey);
  const idToken = fc.constantFrom(...provided.idTokens);
  const opaque = fc.constantFrom(...values.refreshTokens, ...values.states);
  const damaged = (what: string, value: fc.Arbitrary<string>): Kinds =>
    Object.fromEntries(
      Object.entries(
        damagedCharacters((how, change) => fc.tuple(value, how).map(([text, drawn]) => change(text, drawn))),
      ).map(([kind, text]) => [`${what}: ${kind}`, text]),
    );

  itRefuses(
    {
      ...damaged('a refresh token', fc.constantFrom(...values.refreshTokens)),
      ...damaged('a state, or a code', fc.constantFrom(...values.states)),
      ...damaged('an ID token', idToken),
      'a part of a token of three': fc
        .tuple(idToken, opaque, fc.nat(2))
        .map(([token, value, index]) => token.split('.').with(index, value).join('.')),
      'an ID token, as an access token of the provider would say it, under its signature': idToken.chain((token) =>
        fc
          .tuple(
            withMember({ ...decodeJwt(token), scope: 'openid', client_id: '', azp: '', aud: '' }),
            fc.constantFrom('at+jwt', 'JWT', undefined),
            fc.boolean(),
          )
          .map(([claims, typ, isHeader]) => {
            const [head, , tail] = token.split('.');
            const header = JSON.stringify({ alg: signer.alg, kid: signer.kid, typ });
            return `${isHeader ? encode(header) : head}.${encode(claims)}.${tail}`;
          }),
      ),
      'an ID token with less in it, signed by the provider': fc
        .tuple(
          idToken,
          fc.subarray(['nonce', 'at_hash', 'iat', 'auth_time', 'azp', 'sid', 'acr', 'amr']),
          fc.record({ name: fc.string(), jti: fc.noBias(fc.uuid()) }),
          fc.constantFrom('JWT', 'jwt', undefined),
        )
        .map(([token, left, more, typ]) => {
          const claims = Object.entries({ ...decodeJwt(token), ...more }).filter(([name]) => !left.includes(name));
          const header = JSON.stringify({ alg: signer.alg, kid: signer.kid, typ });
          return signed(signer, header, JSON.stringify(Object.fromEntries(claims)));
        }),
    },
    judge,
    { share: 0.1, isSignedAnew: false },
  );
});
