import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { CapturingLogger } from '../fixtures/capturing-logger.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError } from '../fixtures/responses.js';
import { ownCallback, signIn } from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());

describe.each(adapters)('the issuer in the authorization response (RFC 9207), on $name', (adapter) => {
  let app: RunningApplication;
  let logger: CapturingLogger;
  const start = async () => {
    logger = new CapturingLogger();
    app = await startApplication(adapter, { auth: clientOptions(op), logger });
  };

  const answered = async (changes: Record<string, string | undefined>) => {
    const browser = new UserAgent();
    const answer = await signIn(app, { redirect_uri: ownCallback(app) }, browser);
    op.resetRequests();
    return browser.get(answer.with(changes));
  };

  async function expectRefused(response: Response) {
    const body = await expectOAuthError(response, 400, 'invalid_request');
    expect(op.requests('token')).toEqual([]);
    return body;
  }

  describe('where the provider announces it', () => {
    beforeEach(start);
    afterEach(() => app.close());

    it('is accepted as the provider sends it', async () => {
      expect((await answered({})).status).toBe(200);
    });

    it.each(['https://evil.example', 'http://127.0.0.1', 'issuer/', 'ISSUER'])(
      'is compared character by character: "%s" is refused, and the code not sent anywhere',
      async (other) => {
        const iss = other.replace('issuer', op.issuer).replace('ISSUER', op.issuer.toUpperCase());
        await expectRefused(await answered({ iss }));
        expect(logger.text('error')).toContain(op.issuer);
      },
    );

    it.each([undefined, ''])('is demanded (%s)', async (iss) => {
      const body = await expectRefused(await answered({ iss }));
      expect(body.detail).toContain('iss');
    });

    it("is missed with a word on Keycloak's switch that drops it", async () => {
      await answered({ iss: undefined });
      expect(logger.text('error')).toContain('Exclude Issuer From Authentication Response');
    });

    it('is checked in an error, too, which an attacker may have sent from elsewhere', async () => {
      await expectRefused(await answered({ code: undefined, error: 'access_denied', iss: 'https://evil.example' }));
    });
  });

  describe('where the provider does not announce it', () => {
    beforeEach(async () => {
      op.faults.set('discovery', fault.without('authorization_response_iss_parameter_supported'));
      await start();
    });
    afterEach(async () => {
      await app.close();
      await op.reset();
    });

    it('may be missing', async () => {
      expect((await answered({ iss: undefined })).status).toBe(200);
    });

    it('may be there', async () => {
      expect((await answered({})).status).toBe(200);
    });

    it('is refused where it is another', async () => {
      await expectRefused(await answered({ iss: 'https://evil.example' }));
    });
  });
});
