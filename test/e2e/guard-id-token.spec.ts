import { Controller, Get, ParseArrayPipe, Req, UseGuards, type PipeTransform } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IdToken, IdTokenClaims, OidcGuard, OptionalOidcGuard, Public } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

class UpperCase implements PipeTransform<string, string> {
  transform(value: string): string {
    return value.toUpperCase();
  }
}

@Controller()
class ClaimsController {
  @Get('all')
  @UseGuards(OidcGuard)
  all(@IdToken() token: IdTokenClaims) {
    return { sub: token.sub, roles: token['realm_access'] };
  }

  @Get('one')
  @UseGuards(OidcGuard)
  one(
    @IdToken('sub') sub: string,
    @IdToken('realm_access.roles') roles: string[],
    @IdToken('https://example.org/team') dotted: string,
    @IdToken('no.such.claim') absent: unknown,
    @IdToken('constructor.name') inherited: unknown,
  ) {
    return { sub, roles, dotted, absent: absent === undefined, inherited: inherited === undefined };
  }

  @Get('pipes')
  @UseGuards(OidcGuard)
  pipes(
    @IdToken('sub', UpperCase) sub: string,
    @IdToken('groups', new ParseArrayPipe({ items: String, separator: ' ' })) groups: string[],
  ) {
    return { sub, groups };
  }

  @Get('optional')
  @UseGuards(OptionalOidcGuard)
  optional(@IdToken() token: IdTokenClaims | null, @IdToken('sub') sub: string | null, @Req() request: object) {
    return { token: token && token.sub, sub, hasUser: (request as { user?: unknown }).user !== undefined };
  }

  @Get('user')
  @UseGuards(OidcGuard)
  user(@Req() request: { user: Record<string, unknown> }, @IdToken() token: IdTokenClaims) {
    const equal = JSON.stringify(request.user) === JSON.stringify(token);
    request.user['sub'] = 'changed';
    request.user['added'] = true;
    return { equal, same: (request.user as unknown) === token, sub: token.sub, added: token['added'] ?? null };
  }

  @Get('frozen')
  @UseGuards(OidcGuard)
  frozen(@IdToken() token: IdTokenClaims) {
    const realm = token['realm_access'] as { roles: string[] };
    return [token, realm, realm.roles].map((part) => Object.isFrozen(part));
  }

  @Get('unguarded')
  unguarded(@IdToken() token: IdTokenClaims) {
    return token;
  }

  @Get('public')
  @Public()
  public(@IdToken('sub') sub: string) {
    return sub;
  }
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

describe.each(adapters)('@IdToken(), on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op), module: { controllers: [ClaimsController] } });
  });
  afterAll(() => app.close());

  async function ask(path: string, claims = {}) {
    const roles = { realm_access: { roles: ['admin', 'user'] } };
    const response = await app.fetch(path, bearer(await op.mint({ ...roles, ...claims })));
    return response.json();
  }

  it('hands the claims to the handler', async () => {
    expect(await ask('/all')).toEqual({ sub: 'alice', roles: { roles: ['admin', 'user'] } });
  });

  it('follows a path, also through a key that contains dots, and through own members only', async () => {
    expect(await ask('/one', { 'https://example.org/team': 'blue' })).toEqual({
      sub: 'alice',
      roles: ['admin', 'user'],
      dotted: 'blue',
      absent: true,
      inherited: true,
    });
  });

  it('takes pipes', async () => {
    expect(await ask('/pipes', { groups: 'a b' })).toEqual({ sub: 'ALICE', groups: ['a', 'b'] });
  });

  it('is null, and request.user unset, where an optional guard let nobody in', async () => {
    const nobody = { token: null, sub: null, hasUser: false };
    expect(await (await app.fetch('/optional')).json()).toEqual(nobody);
    expect(await ask('/optional', { exp: 1 })).toEqual(nobody);
    expect(await ask('/optional')).toEqual({ token: 'alice', sub: 'alice', hasUser: true });
  });

  it('leaves a copy in request.user, so that a change there is not seen in the claims', async () => {
    const token = await op.mint();
    for (const _time of ['first', 'from the cache']) {
      const response = await app.fetch('/user', bearer(token));
      expect(await response.json()).toEqual({ equal: true, same: false, sub: 'alice', added: null });
    }
  });

  it('hands out claims that are frozen to their depth', async () => {
    expect(await ask('/frozen')).toEqual([true, true, true]);
  });

  it.each(['/unguarded', '/public'])('is a clear error where no guard ran: %s', async (path) => {
    const response = await app.fetch(path, bearer(await op.mint()));
    expect(response.status).toBe(500);
    const { error_description } = (await response.json()) as { error_description: string };
    expect(error_description).toContain(`@IdToken() at ClaimsController.${path.slice(1)} found no guard`);
    expect(error_description).toContain('@UseGuards(OidcGuard)');
  });
});
