import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OidcAuthError, OidcAuthService, TokenVerifier } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication, type RunningApplication } from '../fixtures/application.js';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';

let op: TestOp;
let app: RunningApplication;
beforeAll(async () => {
  op = await startOp();
  app = await startApplication(adapters[0], { auth: clientOptions(op) });
});
afterAll(async () => {
  await app.close();
  await op.close();
});

/** As a logger prints an error that nobody caught: with its causes and all they carry. */
async function printed(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OidcAuthError);
  return inspect(error, { depth: 20, showHidden: true });
}

describe('an error that a program gets', () => {
  it('holds no token of an answer that was not understood', async () => {
    const body = {
      access_token: 'secret-access',
      refresh_token: 'secret-refresh',
      token_type: 'bearer',
      expires_in: 'soon',
    };
    op.faults.once('token', fault.status(200, body));
    const text = await printed(app.app.get(OidcAuthService).refresh('secret-presented'));
    expect(text).toContain('provider_invalid_response');
    expect(text).not.toContain('secret-');
  });

  it('holds nothing of a token that was refused', async () => {
    const token = await op.mint({ email: 'secret@example.org', exp: 1_000 });
    const text = await printed(app.app.get(TokenVerifier).verify(token));
    expect(text).toContain('token_expired');
    expect(text).not.toContain('secret@example.org');
    expect(text).not.toContain(token.split('.')[2]);
  });
});
