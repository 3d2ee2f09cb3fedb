import {
  Controller,
  ForbiddenException,
  Get,
  Inject,
  Injectable,
  UseGuards,
  type ExecutionContext,
} from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IdToken, IdTokenClaims, OidcAuthError, OidcGuard, OptionalOidcGuard } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

@Injectable()
class Blocklist {
  readonly subjects = new Set(['mallory']);
}

/** A constructor of its own, without a word about the dependencies of the base. */
@Injectable()
class BlocklistGuard extends OidcGuard {
  constructor(@Inject(Blocklist) private readonly blocklist: Blocklist) {
    super();
  }

  protected override accept(claims: IdTokenClaims): boolean {
    return !this.blocklist.subjects.has(claims.sub);
  }
}

@Injectable()
class OptionalBlocklistGuard extends OptionalOidcGuard {
  protected override accept(claims: IdTokenClaims): boolean {
    return claims.sub !== 'mallory';
  }
}

/** Answers whatever a claim of the token says, at once or later: programs written without types do. */
@Injectable()
class VerdictGuard extends OidcGuard {
  protected override accept(claims: IdTokenClaims): boolean | Promise<boolean> {
    const verdict = claims['verdict'] as boolean;
    return claims['later'] === true ? Promise.resolve(verdict) : verdict;
  }
}

@Injectable()
class TenantGuard extends OidcGuard {
  protected override accept(claims: IdTokenClaims, context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (claims['tenant'] !== headers['x-tenant']) throw new ForbiddenException('Another tenant.');
    return true;
  }
}

@Injectable()
class CookieGuard extends OidcGuard {
  protected override async readToken(request: {
    headers: { cookie?: string | undefined };
  }): Promise<string | undefined> {
    return /access_token=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
  }
}

class SignInFirst extends ForbiddenException {}

@Injectable()
class OwnAnswerGuard extends OidcGuard {
  protected override exceptionFor(error: OidcAuthError): Error {
    return new SignInFirst({ reason: error.code });
  }
}

const who = (token: IdTokenClaims | null) => ({ sub: token?.sub ?? null });

@Controller()
class OwnGuardsController {
  @Get('blocklist')
  @UseGuards(BlocklistGuard)
  blocklist(@IdToken() token: IdTokenClaims) {
    return who(token);
  }

  @Get('optional-blocklist')
  @UseGuards(OptionalBlocklistGuard)
  optionalBlocklist(@IdToken() token: IdTokenClaims | null) {
    return who(token);
  }

  @Get('verdict')
  @UseGuards(VerdictGuard)
  verdict(@IdToken() token: IdTokenClaims) {
    return who(token);
  }

  @Get('tenant')
  @UseGuards(TenantGuard)
  tenant(@IdToken() token: IdTokenClaims) {
    return who(token);
  }

  @Get('cookie')
  @UseGuards(CookieGuard)
  cookie(@IdToken() token: IdTokenClaims) {
    return who(token);
  }

  @Get('own-answer')
  @UseGuards(OwnAnswerGuard)
  ownAnswer(@IdToken() token: IdTokenClaims) {
    return who(token);
  }
}

@Controller('guarded')
@UseGuards(BlocklistGuard)
class GuardedController {
  @Get()
  guarded(@IdToken() token: IdTokenClaims) {
    return who(token);
  }

  @Get('cookie')
  @UseGuards(CookieGuard)
  cookie(@IdToken() token: IdTokenClaims) {
    return who(token);
  }

  @Get('optional')
  @UseGuards(OptionalBlocklistGuard)
  optional(@IdToken() token: IdTokenClaims | null) {
    return who(token);
  }
}

@Controller('plain')
class PlainController {
  @Get()
  plain(@IdToken() token: IdTokenClaims) {
    return who(token);
  }
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

const module = {
  controllers: [OwnGuardsController, GuardedController, PlainController],
  providers: [Blocklist],
  exports: [Blocklist],
};

describe.each(adapters)('guards of an application that extend ours, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op), module });
  });
  afterAll(() => app.close());

  const as = async (sub: string, claims = {}) => bearer(await op.mint({ sub, ...claims }));

  it('has the last word on a valid token by accept(), with dependencies of its own', async () => {
    expect(await (await app.fetch('/blocklist', await as('alice'))).json()).toEqual({ sub: 'alice' });
    const refused = await app.fetch('/blocklist', await as('mallory'));
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    expect(await refused.json()).toMatchObject({ statusCode: 403, error: 'insufficient_scope' });
  });

  it('does not ask accept() about a token that is not valid', async () => {
    expect((await app.fetch('/blocklist')).status).toBe(401);
    expect((await app.fetch('/blocklist', await as('alice', { exp: 1 }))).status).toBe(401);
  });

  it('lets nobody in where accept() of an optional guard says no', async () => {
    expect(await (await app.fetch('/optional-blocklist', await as('alice'))).json()).toEqual({ sub: 'alice' });
    expect(await (await app.fetch('/optional-blocklist', await as('mallory'))).json()).toEqual({ sub: null });
  });

  it.each([true, false, 'yes', 1, null, {}])('lets in on true alone, at once or later: %j', async (verdict) => {
    for (const later of [false, true]) {
      const { status } = await app.fetch('/verdict', await as('alice', { verdict, later }));
      expect(status === 200).toBe(verdict === true);
    }
  });

  it('answers what accept() throws, and asks it at each request', async () => {
    const authorized = await as('alice', { tenant: 'a' });
    const ask = (tenant: string) =>
      app.fetch('/tenant', { headers: { ...(authorized.headers as object), 'x-tenant': tenant } });
    expect((await ask('a')).status).toBe(200);
    const refused = await ask('b');
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ message: 'Another tenant.' });
  });

  it('reads the token where readToken() says', async () => {
    const token = await op.mint();
    expect((await app.fetch('/cookie', bearer(token))).status).toBe(401);
    const response = await app.fetch('/cookie', { headers: { cookie: `a=b; access_token=${token}` } });
    expect(await response.json()).toEqual({ sub: 'alice' });
  });

  it('throws what exceptionFor() makes of the reason', async () => {
    const response = await app.fetch('/own-answer');
    expect(response.status).toBe(403);
    expect(response.headers.has('www-authenticate')).toBe(false);
    expect(await response.json()).toEqual({ reason: 'token_missing' });
  });

  it('decides beside a guard of another kind that stands on the controller, and does not remove it', async () => {
    const cookie = `access_token=${await op.mint({ sub: 'mallory' })}`;
    const with_ = async (sub: string) => ({ headers: { cookie, authorization: `Bearer ${await op.mint({ sub })}` } });
    expect((await app.fetch('/guarded/cookie', { headers: { cookie } })).status).toBe(401);
    expect((await app.fetch('/guarded/cookie', await with_('mallory'))).status).toBe(403);
    expect(await (await app.fetch('/guarded/cookie', await with_('alice'))).json()).toEqual({ sub: 'mallory' });
    expect((await app.fetch('/guarded', await as('mallory'))).status).toBe(403);
    expect((await app.fetch('/guarded', await as('alice'))).status).toBe(200);
    expect(await (await app.fetch('/guarded/optional')).json()).toEqual({ sub: null });
  });
});

describe.each(adapters)('a global guard and guards that extend ours, on $name', (adapter) => {
  it('OidcGuard globally leaves a route to the guard that stands there', async () => {
    const app = await startApplication(adapter, { auth: { ...clientOptions(op), globalGuard: true }, module });
    const inCookie = { headers: { cookie: `access_token=${await op.mint()}` } };
    expect((await app.fetch('/cookie', inCookie)).status).toBe(200);
    expect((await app.fetch('/plain', inCookie)).status).toBe(401);
    expect((await app.fetch('/blocklist', bearer(await op.mint({ sub: 'mallory' })))).status).toBe(403);
    expect((await app.fetch('/plain', bearer(await op.mint({ sub: 'mallory' })))).status).toBe(200);
    await app.close();
  });

  it('a subclass globally guards what says nothing else', async () => {
    const auth = { ...clientOptions(op), globalGuard: CookieGuard };
    const app = await startApplication(adapter, { auth, module });
    const inCookie = { headers: { cookie: `access_token=${await op.mint()}` } };
    expect(await (await app.fetch('/plain', inCookie)).json()).toEqual({ sub: 'alice' });
    expect((await app.fetch('/plain', bearer(await op.mint()))).status).toBe(401);
    const both = { headers: { ...inCookie.headers, authorization: `Bearer ${await op.mint()}` } };
    expect((await app.fetch('/guarded', inCookie)).status).toBe(401);
    expect((await app.fetch('/guarded', bearer(await op.mint()))).status).toBe(401);
    expect((await app.fetch('/guarded', both)).status).toBe(200);
    await app.close();
  });
});
