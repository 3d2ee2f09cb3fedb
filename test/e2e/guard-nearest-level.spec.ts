import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Auth, IdToken, IdTokenClaims, OidcGuard, OptionalAuth, OptionalOidcGuard, Public } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

const levels = ['nothing', 'required', 'optional', 'public'] as const;
type Level = (typeof levels)[number];

abstract class Routes {
  @Get('nothing')
  nothing(@IdToken() token: IdTokenClaims | null) {
    return who(token);
  }

  @Get('required')
  @UseGuards(OidcGuard)
  required(@IdToken() token: IdTokenClaims | null) {
    return who(token);
  }

  @Get('optional')
  @UseGuards(OptionalOidcGuard)
  optional(@IdToken() token: IdTokenClaims | null) {
    return who(token);
  }

  @Get('public')
  @Public()
  public(@IdToken() token: IdTokenClaims | null) {
    return who(token);
  }
}

@Controller('nothing')
class PlainController extends Routes {}

@Controller('required')
@UseGuards(OidcGuard)
class RequiredController extends Routes {}

@Controller('optional')
@UseGuards(OptionalOidcGuard)
class OptionalController extends Routes {}

@Controller('public')
@Public()
class PublicController extends Routes {}

@Controller('mixed')
@UseGuards(OptionalOidcGuard)
class MixedController {
  @Get('required-and-optional')
  @UseGuards(OptionalOidcGuard, OidcGuard)
  both(@IdToken() token: IdTokenClaims | null) {
    return who(token);
  }

  @Get('optional-and-required')
  @OptionalAuth()
  @Auth()
  bothByDecorators(@IdToken() token: IdTokenClaims | null) {
    return who(token);
  }

  @Get('public-and-required')
  @Public()
  @UseGuards(OidcGuard)
  publicAndGuarded(@IdToken() token: IdTokenClaims | null) {
    return who(token);
  }

  @Get('public-and-optional')
  @OptionalAuth()
  @Public()
  publicAndOptional(@IdToken() token: IdTokenClaims | null) {
    return who(token);
  }
}

const who = (token: IdTokenClaims | null) => ({ sub: token?.sub ?? null });

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

/** `@IdToken()` answers 500 where no guard ran, which tells a public route from an optional one. */
async function demandOf(app: RunningApplication, path: string): Promise<string> {
  const anonymous = await app.fetch(path);
  const signedIn = await app.fetch(path, bearer(await op.mint()));
  const answers = `${anonymous.status}/${signedIn.status}`;
  if (answers === '500/500') return 'public';
  expect(await signedIn.json()).toEqual({ sub: 'alice' });
  if (answers === '200/200') return 'optional';
  expect(answers).toBe('401/200');
  return 'required';
}

const globalGuards = [
  { global: 'nothing', globalGuard: undefined },
  { global: 'required', globalGuard: true },
  { global: 'optional', globalGuard: OptionalOidcGuard },
] as const;

describe.each(adapters)('the nearest level decides, on $name', (adapter) => {
  describe.each(globalGuards)('with $global demanded globally', ({ global, globalGuard }) => {
    let app: RunningApplication;
    beforeAll(async () => {
      app = await startApplication(adapter, {
        auth: { ...clientOptions(op), globalGuard },
        module: {
          controllers: [PlainController, RequiredController, OptionalController, PublicController, MixedController],
        },
      });
    });
    afterAll(() => app.close());

    const combinations = levels.flatMap((controller) => levels.map((handler) => ({ controller, handler })));

    it.each(combinations)('controller: $controller, handler: $handler', async ({ controller, handler }) => {
      const saysSomething = (level: Level) => level !== 'nothing';
      const decision = [handler, controller, global].find(saysSomething) ?? 'public';
      expect(await demandOf(app, `/${controller}/${handler}`)).toBe(decision);
    });

    it.each([
      ['a required guard goes before an optional one', 'required-and-optional', 'required'],
      ['@Auth() goes before @OptionalAuth()', 'optional-and-required', 'required'],
      ['@Public() goes before a required guard', 'public-and-required', 'public'],
      ['@Public() goes before an optional guard', 'public-and-optional', 'public'],
    ])('on one level %s', async (_sentence, path, decision) => {
      expect(await demandOf(app, `/mixed/${path}`)).toBe(decision);
    });
  });
});
