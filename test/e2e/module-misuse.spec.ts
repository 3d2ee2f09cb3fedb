import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Auth,
  IdToken,
  OidcAuthError,
  OidcAuthModule,
  OidcGuard,
  OptionalAuth,
  Roles,
  Scopes,
} from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, startApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { OperatorLines } from '../fixtures/operator-lines.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

describe('a mistake is told where its author sees it:', () => {
  it('the module imported without forRoot', async () => {
    await expect(startApplication(adapters[0], { module: { imports: [OidcAuthModule] } })).rejects.toThrow(
      'OidcAuthModule was imported without forRoot(…): call forRoot or forRootAsync once',
    );
  });

  it('a guard that Nest did not make', async () => {
    @Controller()
    class HandMadeController {
      @Get('hand-made')
      @UseGuards(new OidcGuard())
      get() {
        return 'never';
      }
    }
    const operator = new OperatorLines();
    const module = { controllers: [HandMadeController] };
    const app = await startApplication(adapters[0], { auth: clientOptions(op), module, logger: operator });
    expect((await app.fetch('/hand-made', bearer(await op.mint()))).status).toBe(500);
    expect(operator.containing('let Nest make the guard')).not.toEqual([]);
    await app.close();
  });

  it('@IdToken() without a guard', async () => {
    @Controller()
    class OpenController {
      @Get('open') get(@IdToken() token: unknown) {
        return token;
      }
    }
    const operator = new OperatorLines();
    const module = { controllers: [OpenController] };
    const app = await startApplication(adapters[0], { auth: clientOptions(op), module, logger: operator });
    expect((await app.fetch('/open')).status).toBe(500);
    expect(operator.containing('@IdToken() at OpenController.get found no guard')).not.toEqual([]);
    await app.close();
  });

  it.each([
    [
      'a misspelled constraint',
      () => Auth({ role: 'admin' } as never),
      'role is not a constraint of a route: did you mean roles?',
    ],
    ['a misspelled optional one', () => OptionalAuth({ scope: 'a' } as never), 'did you mean scopes?'],
    ['an empty role', () => Roles(''), '@Roles() must be strings that are not empty'],
    ['a scope that is not set', () => Scopes(undefined as never), '@Scopes() must be strings'],
    ['a list of no values', () => Auth({ claims: { groups: [] } }), '@Claims() demands of "groups"'],
  ])('%s', (_, decorate, expected) => {
    expect(decorate).toThrow(OidcAuthError);
    expect(decorate).toThrow(expected);
  });

  it('a boot error prints what it has, and no member without a value', async () => {
    @Module({ imports: [OidcAuthModule.forRoot({ ...clientOptions(op), clientId: '' })] })
    class BrokenModule {}
    const error = await startApplication(adapters[0], { module: { imports: [BrokenModule] } }).then(
      () => undefined,
      (reason: unknown) => reason as OidcAuthError,
    );
    expect(error!.message).toContain('clientId is missing: is the environment variable it is read from set?');
    expect(error!.message).toContain('have a problem:');
    expect(Object.keys(error!).toSorted()).toEqual(['code', 'name']);
  });
});
