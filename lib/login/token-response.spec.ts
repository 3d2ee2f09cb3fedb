import { UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProviderTokens } from '../provider/provider-answers.js';
import { tokenResponseOf } from './token-response.js';

const NOW = 1_800_000_000;
const context = { refreshTokenTtl: 2_592_000 };

function tokens(members: Record<string, unknown> = {}): ProviderTokens {
  return { access_token: 'opaque', token_type: 'bearer', ...members } as ProviderTokens;
}

describe('the token response', () => {
  beforeEach(() => vi.useFakeTimers({ now: NOW * 1_000, toFake: ['Date'] }));
  afterEach(() => vi.useRealTimers());

  it('takes the expiry from expires_in', () => {
    expect(tokenResponseOf(tokens({ expires_in: 300 }), context)).toEqual({
      access_token: 'opaque',
      token_type: 'Bearer',
      expires: NOW + 300,
      expires_in: 300,
    });
  });

  it('else from the exp of the token, else assumes 180 seconds', () => {
    const jwt = new UnsecuredJWT({ exp: NOW + 60 }).encode();
    expect(tokenResponseOf(tokens({ access_token: jwt }), context)).toMatchObject({
      expires: NOW + 60,
      expires_in: 60,
    });
    expect(tokenResponseOf(tokens(), context)).toMatchObject({ expires: NOW + 180, expires_in: 180 });
  });

  it('never tells a negative lifetime', () => {
    const jwt = new UnsecuredJWT({ exp: NOW - 60 }).encode();
    expect(tokenResponseOf(tokens({ access_token: jwt }), context)).toMatchObject({ expires: NOW, expires_in: 0 });
  });

  it.each([
    ['refresh_expires_in', 1_800, 1_800],
    ['refresh_expires_in', '1800', 1_800],
    ['refresh_token_expires_in', 86_400, 86_400],
    ['refresh_expires_in', 0, 2_592_000],
    ['refresh_expires_in', -1, 2_592_000],
    ['refresh_expires_in', undefined, 2_592_000],
  ])('with %s = %s says that the refresh token lives %s seconds', (member, value, lifetime) => {
    expect(tokenResponseOf(tokens({ refresh_token: 'r', [member]: value }), context)).toMatchObject({
      refresh_token: 'r',
      refresh_expires: NOW + lifetime,
      refresh_expires_in: lifetime,
    });
  });

  it('repeats the presented refresh token where the provider sends no other', () => {
    expect(tokenResponseOf(tokens(), { ...context, presentedRefreshToken: 'old' }).refresh_token).toBe('old');
    expect(
      tokenResponseOf(tokens({ refresh_token: 'new' }), { ...context, presentedRefreshToken: 'old' }),
    ).toMatchObject({
      refresh_token: 'new',
    });
  });

  it('says nothing about refresh tokens where there is none', () => {
    const response = tokenResponseOf(tokens({ refresh_expires_in: 0 }), context);
    expect(Object.keys(response).filter((name) => name.startsWith('refresh'))).toEqual([]);
  });

  it('takes the scope from the provider, else what was asked, else what the token says', () => {
    const jwt = new UnsecuredJWT({ scope: 'c' }).encode();
    expect(tokenResponseOf(tokens({ scope: 'a', access_token: jwt }), { ...context, askedScope: 'b' }).scope).toBe('a');
    expect(tokenResponseOf(tokens({ access_token: jwt }), { ...context, askedScope: 'b' }).scope).toBe('b');
    expect(tokenResponseOf(tokens({ access_token: jwt }), context).scope).toBe('c');
    expect(tokenResponseOf(tokens(), context)).not.toHaveProperty('scope');
  });
});
