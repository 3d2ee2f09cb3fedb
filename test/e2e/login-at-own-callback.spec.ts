import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IdToken, IdTokenClaims, OidcGuard } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { UserAgent } from '../fixtures/user-agent.js';

@Controller()
class MeController {
  @Get('me')
  @UseGuards(OidcGuard)
  me(@IdToken() token: IdTokenClaims) {
    return { sub: token.sub, iss: token.iss };
  }
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('login that ends at our own callback, on $name', (adapter) => {
  let app: RunningApplication;
  let loginUrl: string;

  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op), module: { controllers: [MeController] } });
    loginUrl = `${app.url}/auth/v2/login?${new URLSearchParams({ redirect_uri: `${app.url}/auth/v2/callback` })}`;
  });
  afterAll(() => app.close());

  it('answers the tokens of the provider, which the guards then accept', async () => {
    const { response } = await new UserAgent().follow(loginUrl);
    expect(response.status).toBe(200);
    const tokens = await response.json();
    expect(tokens).toMatchObject({ token_type: 'Bearer', access_token: expect.any(String), id_token: expect.any(String) });

    const me = await app.fetch('/me', bearer(tokens.access_token));
    expect(await me.json()).toEqual({ sub: 'alice', iss: op.issuer });
  });
});
