import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OidcGuard, type OidcAuthOptions } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { bearer, clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { revokedTokens, startBroker } from '../fixtures/broker.js';
import { CapturingLogger } from '../fixtures/capturing-logger.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { expectBadGateway } from '../fixtures/responses.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

@Controller()
class GuardedController {
  @Get('guarded')
  @UseGuards(OidcGuard)
  guarded() {
    return { passed: true };
  }
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const start = (options: Partial<OidcAuthOptions> = {}, logger?: CapturingLogger) =>
  startApplication(adapters[0], {
    auth: { ...clientOptions(op), ...options },
    module: { controllers: [GuardedController] },
    logger: logger ?? false,
  });

describe('metadata that cannot be right', () => {
  const everything = async (app: RunningApplication) => {
    const token = await op.mint();
    return Promise.all([
      app.fetch('/auth/v2/login?redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F'),
      app.fetch('/auth/v2/token', form({ refresh_token: 'r' })),
      app.fetch('/auth/v2/device', { method: 'POST' }),
      app.fetch('/auth/v2/logout'),
      app.fetch('/auth/v2/userinfo', bearer(token)),
      app.fetch('/guarded', bearer(token)),
    ]);
  };

  const noAddresses = ['garbage', '', 'javascript:alert(1)', 5, null, {}, '//example.org', undefined];

  async function statusesWith(member: string, value: unknown): Promise<Record<string, number>> {
    op.faults.set(
      'discovery',
      fault.json((body) => ({ ...body, [member]: value })),
    );
    const app = await start();
    const statuses = (await everything(app)).map(({ url, status }) => [new URL(url).pathname, status]);
    await app.close();
    return Object.fromEntries(statuses);
  }

  it.each(['authorization_endpoint', 'token_endpoint', 'jwks_uri'])(
    'has no address as %s: 502 for all that needs the provider',
    async (member) => {
      for (const value of noAddresses) {
        expect(await statusesWith(member, value), `${member}: ${JSON.stringify(value)}`).toEqual({
          '/auth/v2/login': 502,
          '/auth/v2/token': 502,
          '/auth/v2/device': 502,
          '/auth/v2/logout': 502,
          '/auth/v2/userinfo': 502,
          '/guarded': 502,
        });
      }
    },
  );

  it.each([
    { member: 'device_authorization_endpoint', changed: { '/auth/v2/device': 503 } },
    { member: 'end_session_endpoint', changed: { '/auth/v2/logout': 302 } },
    { member: 'userinfo_endpoint', changed: { '/auth/v2/userinfo': 200 } },
  ])('has no address as $member: as if it had none', async ({ member, changed }) => {
    for (const value of noAddresses) {
      expect(await statusesWith(member, value), `${member}: ${JSON.stringify(value)}`).toEqual({
        '/auth/v2/login': 302,
        '/auth/v2/token': 400,
        '/auth/v2/device': 200,
        '/auth/v2/logout': 302,
        '/auth/v2/userinfo': 200,
        '/guarded': 200,
        ...changed,
      });
    }
  });

  it.each(noAddresses)('has %j as revocation_endpoint: a session ends as if it had none', async (value) => {
    op.faults.set(
      'discovery',
      fault.json((body) => ({ ...body, revocation_endpoint: value })),
    );
    const operator = new OperatorLines();
    const app = await startBroker(adapters[0], op, { logger: operator });
    const { refresh_token } = await signIn(app);
    operator.clear();
    expect((await app.fetch('/auth/v2/logout', form({ refresh_token: refresh_token! }))).status).toBe(303);
    expect(operator.lines).toEqual([expect.stringMatching(/^ended: .* reason=logout$/)]);
    expect(revokedTokens(op)).toEqual([]);
    await app.close();
  });

  it.each(['token_endpoint_auth_methods_supported', 'id_token_signing_alg_values_supported'])(
    '%s of a wrong type is ignored',
    async (member) => {
      for (const value of [7, 'RS256', {}, [5, null], null, true]) {
        op.faults.set(
          'discovery',
          fault.json((body) => ({ ...body, [member]: value })),
        );
        const app = await start();
        for (const { status, url } of await everything(app)) {
          expect([200, 302, 400], `${JSON.stringify(value)} at ${url}`).toContain(status);
        }
        await app.close();
      }
    },
  );

  it.each([undefined, 5, '', 'https://other.example.org', 'not a URL'])(
    'the issuer %j is 502, and the operator is told how to mend it',
    async (issuer) => {
      op.faults.set(
        'discovery',
        fault.json((body) => ({ ...body, issuer })),
      );
      const logger = new CapturingLogger();
      const app = await start({}, logger);
      await expectBadGateway(await app.fetch('/auth/v2/logout'));
      expect(logger.text()).toMatch(/issuer/);
      await app.close();
    },
  );

  it('plain http outside loopback gets no request', async () => {
    const requested: string[] = [];
    const options: Partial<OidcAuthOptions> = {
      fetch: (url, init) => {
        requested.push(String(url));
        return fetch(url, init);
      },
    };
    const insecure = { token_endpoint: 'http://idp.example.org/token', jwks_uri: 'http://idp.example.org/jwks' };
    op.faults.set(
      'discovery',
      fault.json((body) => ({ ...body, ...insecure })),
    );
    const logger = new CapturingLogger();
    const app = await start(options, logger);
    await expectBadGateway(await app.fetch('/auth/v2/token', form({ refresh_token: 'r' })));
    expect((await app.fetch('/guarded', bearer(await op.mint()))).status).toBe(502);
    expect(requested.filter((url) => url.includes('example.org'))).toEqual([]);
    expect(logger.text()).toContain('allowInsecureRequests');
    await app.close();
  });
});
