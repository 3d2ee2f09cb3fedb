import { decodeJwt } from 'jose';
import { expect } from 'vitest';
import type { Application } from './application.js';
import type { Report, Token } from './machine.js';
import type { Exchange } from './recorder.js';

const DAY_S = 86_400;

/** The client can work with this now and later, and the application knows who it is. */
export function expectSignedIn({ token, route }: Report, { issuer }: Application): void {
  const now = Date.now() / 1_000;
  expect(route).toEqual({ status: 200, body: { message: 'Hello, Alice Liddell. Your token is valid.', sub: 'alice' } });
  expect(decodeJwt(token.access_token).iss).toBe(issuer);
  expect(token.token_type).toBe('Bearer');
  expect(token.headers).toEqual({ Authorization: `Bearer ${token.access_token}` });
  expect(token.scope.split(' ')).toEqual(expect.arrayContaining(['openid', 'profile', 'email']));
  expect(token.expires).toBeGreaterThan(now + 200);
  expect(token.refresh_expires).toBeGreaterThan(now + DAY_S);
  expect(token.refresh_token).not.toBe('');
}

/** Nothing in the client's token is its own guess, which it makes for every member that it misses in an answer. */
export const answerWith = ({ headers: _ours, ...told }: Token): unknown => expect.objectContaining(told);

/** `POST /api/auth/v2/token 200`, for each exchange. */
export const summary = (exchanges: readonly Exchange[]) =>
  exchanges.map(({ request, status }) => `${request} ${status}`);
