import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { expectBadGateway, expectOAuthError, expectUnavailable } from '../fixtures/responses.js';

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('an error of the token endpoint of the provider, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op) });
  });
  afterAll(() => app.close());

  const poll = () => app.fetch('/auth/v2/token', form({ device_code: 'd' }));

  it.each([
    'authorization_pending',
    'slow_down',
    'expired_token',
    'access_denied',
    'invalid_grant',
    'invalid_scope',
    'unauthorized_client',
    'unsupported_grant_type',
    'invalid_request',
    'interaction_required',
  ])('%s is passed on with its own code as 400', async (error) => {
    // Google polls with 428 and 403.
    for (const status of [400, 403, 428]) {
      op.faults.once('token', fault.status(status, { error, error_description: 'In its own words.' }));
      const body = await expectOAuthError(await poll(), 400, error);
      expect(body.error_description).toBe('In its own words.');
    }
  });

  it('that comes as 401 is about our client, whatever it is called', async () => {
    op.faults.once('token', fault.status(401, { error: 'unauthorized_client', error_description: 'Bad credentials.' }));
    await expectBadGateway(await poll());
  });

  it('gets a description where the provider gave none', async () => {
    op.faults.once('token', fault.status(400, { error: 'invalid_grant' }));
    expect((await expectOAuthError(await poll(), 400, 'invalid_grant')).error_description).not.toBe('');
  });

  it('keeps of its description the characters of RFC 6749, 200 at most', async () => {
    const description = `<b>"no"</b> \\ \r\n\u0000 ü🙂 ${'x'.repeat(1_000)}`;
    op.faults.once('token', fault.status(400, { error: 'invalid_grant', error_description: description }));
    const { error_description: text } = await expectOAuthError(await poll(), 400, 'invalid_grant');
    expect(text).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]{1,200}$/);
  });

  it('is invalid_request where its code is none', async () => {
    for (const error of ['"><script>', 'x'.repeat(1_000), 'two words\r\n']) {
      op.faults.once('token', fault.status(400, { error }));
      await expectOAuthError(await poll(), 400, 'invalid_request');
    }
  });

  it('of the kind "come again" is 503, whatever its body', async () => {
    for (const status of [429, 500, 502, 503, 504]) {
      for (const body of ['', '<h1>oops</h1>', { error: 'server_error', error_description: 'database on fire' }]) {
        op.faults.once('token', fault.status(status, body));
        await expectUnavailable(await poll());
      }
    }
  });
});
