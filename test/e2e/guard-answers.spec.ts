import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Auth, IdToken, IdTokenClaims, OidcGuard, OptionalOidcGuard } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { rawRequest } from '../fixtures/raw-request.js';

const who = (token: IdTokenClaims | null) => ({ sub: token?.sub ?? null });

@Controller()
class GuardedController {
  @Get('me')
  @UseGuards(OidcGuard)
  me(@IdToken() token: IdTokenClaims) {
    return who(token);
  }

  @Get('maybe-me')
  @UseGuards(OptionalOidcGuard)
  maybe(@IdToken() token: IdTokenClaims | null) {
    return who(token);
  }

  @Get('scopes')
  @Auth({ scopes: 'profile admin superuser' })
  scopes(@IdToken() token: IdTokenClaims) {
    return who(token);
  }

  @Get('claims')
  @Auth({ claims: { 'realm_access.roles': ['admin'] } })
  claims(@IdToken() token: IdTokenClaims) {
    return who(token);
  }

  @Get('roles')
  @Auth({ roles: ['user', 'admin', 'editor'] })
  roles(@IdToken() token: IdTokenClaims) {
    return who(token);
  }

  @Get('quotes')
  @Auth({ scopes: ['say"hi\\ö'] })
  quotes(@IdToken() token: IdTokenClaims) {
    return who(token);
  }
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('what a guard answers, on $name', (adapter) => {
  let app: RunningApplication;
  const module = { controllers: [GuardedController] };
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op), module });
  });
  afterAll(() => app.close());

  function errorOf(statusCode: number, error: string, text: string) {
    return { statusCode, message: text, error, error_description: text, detail: text };
  }

  it('no token: 401 with a bare challenge', async () => {
    const response = await app.fetch('/me');
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.json()).toEqual(errorOf(401, 'invalid_token', 'A bearer token is missing.'));
  });

  it('an expired token: 401 with error and description in the challenge', async () => {
    const response = await app.fetch('/me', bearer(await op.mint({ exp: 1 })));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      'Bearer error="invalid_token", error_description="The token has expired."',
    );
    expect(await response.json()).toEqual(errorOf(401, 'invalid_token', 'The token has expired.'));
  });

  it('missing scopes: 403 that names those which are missing, and only those', async () => {
    const response = await app.fetch('/scopes', bearer(await op.mint()));
    const text = 'Token missing required scopes: admin, superuser';
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer error="insufficient_scope", error_description="${text}", scope="admin superuser"`,
    );
    expect(await response.json()).toEqual(errorOf(403, 'insufficient_scope', text));
  });

  it('a claim that is not met: 403 that names its path, without a scope in the challenge', async () => {
    const response = await app.fetch('/claims', bearer(await op.mint({ realm_access: { roles: ['user'] } })));
    const body = (await response.json()) as { message: string };
    expect(response.status).toBe(403);
    expect(body).toEqual(errorOf(403, 'insufficient_scope', body.message));
    expect(body.message).toContain('realm_access.roles');
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer error="insufficient_scope", error_description="${body.message}"`,
    );
  });

  it('missing roles: 403 that names those which are missing', async () => {
    const response = await app.fetch('/roles', bearer(await op.mint({ roles: ['user'] })));
    expect(response.status).toBe(403);
    const text = 'Token missing required roles: admin, editor';
    expect(await response.json()).toEqual(errorOf(403, 'insufficient_scope', text));
  });

  it('keeps what must not stand in a header out of the challenge', async () => {
    const response = await app.fetch('/quotes', bearer(await op.mint()));
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain(`scope="say'hi"`);
    expect(await response.json()).toMatchObject({ message: 'Token missing required scopes: say"hi\\ö' });
  });

  it('no keys to verify with: 503 with Retry-After from a required guard, nobody from an optional one', async () => {
    op.faults.set('discovery', fault.down);
    const cold = await startApplication(adapter, { auth: clientOptions(op), module });
    const token = bearer(await op.mint());
    const response = await cold.fetch('/me', token);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(response.headers.has('www-authenticate')).toBe(false);
    expect(await response.json()).toMatchObject({ statusCode: 503, error: 'temporarily_unavailable' });
    expect(await (await cold.fetch('/maybe-me', token)).json()).toEqual({ sub: null });
    await cold.close();
  });

  it.each([
    ['another scheme', 'Basic YWxpY2U6c2VjcmV0'],
    ['a scheme that only begins like ours', 'BearerToken abc'],
    ['the scheme without a token', 'Bearer'],
    ['the scheme and a blank', 'Bearer '],
    ['nothing at all', ''],
  ])('%s counts as no token', async (_what, authorization) => {
    const { status, headers } = await rawRequest(`${app.url}/me`, [`Authorization: ${authorization}`]);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each(['bearer', 'BEARER', 'bEaReR'])('takes the scheme in any case: %s', async (scheme) => {
    const response = await app.fetch('/me', { headers: { authorization: `${scheme} ${await op.mint()}` } });
    expect(response.status).toBe(200);
  });

  it.each(['/me', '/maybe-me'])('two Authorization headers: 400 at %s', async (path) => {
    const token = await op.mint();
    const { status, text } = await rawRequest(`${app.url}${path}`, [
      `Authorization: Bearer ${token}`,
      `aUTHORIZATION: Bearer ${token}`,
    ]);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ statusCode: 400, error: 'invalid_request' });
  });

  it('a token of a megabyte is refused by Node before it reaches us: 431', async () => {
    const { status } = await rawRequest(`${app.url}/me`, [`Authorization: Bearer ${'a'.repeat(1_048_576)}`]);
    expect(status).toBe(431);
  });

  it.each([
    ['characters beyond ASCII', 'Bearer tök\u00ffen.\u0080.x'],
    ['three parts of characters beyond ASCII', 'Bearer ö.ö.ö'],
    ['two tokens', 'Bearer a.b.c a.b.c'],
    ['a comma list', 'Bearer a.b.c, Bearer d.e.f'],
    ['dots only', 'Bearer ..'],
    ['JSON that is no object', `Bearer ${Buffer.from('[]').toString('base64url')}.e30.AA`],
    ['null', `Bearer ${Buffer.from('null').toString('base64url')}.e30.AA`],
  ])('%s in place of a token: 401 as for any bad token', async (_what, authorization) => {
    const { status, headers, text } = await rawRequest(`${app.url}/me`, [`Authorization: ${authorization}`]);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token", error_description="[ -~]+"$/);
    expect(JSON.parse(text)).toMatchObject({ error: 'invalid_token', statusCode: 401 });
  });
});
