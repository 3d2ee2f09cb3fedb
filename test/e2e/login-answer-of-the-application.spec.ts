import { ForbiddenException, Injectable } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AuthController, type TokenResponse } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError } from '../fixtures/responses.js';
import { caughtRedirect, loginAddress, loginCookies, ownCallback, signIn } from '../fixtures/sign-in.js';
import { UserAgent } from '../fixtures/user-agent.js';

/** Keeps the tokens on the server; the browser gets a session cookie and a page. */
@Injectable()
class SessionController extends AuthController {
  static readonly sessions: TokenResponse[] = [];

  protected override async respondToLogin(tokens: TokenResponse, _request: unknown, response: unknown): Promise<void> {
    const id = String(SessionController.sessions.push(tokens));
    const { httpAdapter } = this.adapterHost;
    httpAdapter.setCookie(response, 'session', id, { httpOnly: true, path: '/' });
    httpAdapter.setHeader(response, 'Location', '/home');
    httpAdapter.reply(response, undefined, 303);
  }
}

/** Lets nobody in, and counts logins: an override has no decorators. */
class ClosedController extends AuthController {
  static logins = 0;

  override async login(request: never, response: unknown): Promise<void> {
    ClosedController.logins++;
    return super.login(request, response);
  }

  protected override async respondToLogin(): Promise<void> {
    throw new ForbiddenException('Closed today.');
  }
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('what the callback answers, on $name', (adapter) => {
  describe('where the application answers with a session and a redirect', () => {
    let app: RunningApplication;
    beforeAll(async () => {
      app = await startApplication(adapter, { auth: { ...clientOptions(op), authController: SessionController } });
    });
    afterAll(() => app.close());

    it('is that, and no token leaves the server', async () => {
      const browser = new UserAgent();
      const response = await browser.get(await signIn(app, { redirect_uri: ownCallback(app) }, browser));
      expect(response.status).toBe(303);
      expect(response.headers.get('location')).toBe('/home');
      expect(await response.text()).toBe('');

      const session = browser.cookies.for(app.url).find(({ name }) => name === 'session');
      expect(SessionController.sessions[Number(session?.value) - 1]).toMatchObject({
        access_token: expect.any(String),
        id_token: expect.any(String),
      });
    });

    it('still is stored by nobody, sends no referrer, and ends the cookie of the login', async () => {
      const browser = new UserAgent();
      const response = await browser.get(await signIn(app, { redirect_uri: ownCallback(app) }, browser));
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('referrer-policy')).toBe('no-referrer');
      expect(response.headers.getSetCookie()).toHaveLength(2);
      expect(loginCookies(app, browser)).toEqual([]);
    });

    it('is for logins only that succeeded', async () => {
      op.denyNext();
      const before = SessionController.sessions.length;
      const { response } = await new UserAgent().follow(loginAddress(app, { redirect_uri: ownCallback(app) }));
      await expectOAuthError(response, 403, 'access_denied');
      expect(SessionController.sessions).toHaveLength(before);
    });

    it('leaves the token endpoint to clients that catch the redirect', async () => {
      const { code, state } = await signIn(app, { redirect_uri: caughtRedirect });
      const fields = form({ code, redirect_uri: caughtRedirect, code_verifier: state });
      expect(await (await app.fetch('/auth/v2/token', fields)).json()).toHaveProperty('access_token');
    });
  });

  describe('where the application wraps a handler and refuses', () => {
    let app: RunningApplication;
    beforeAll(async () => {
      ClosedController.logins = 0;
      app = await startApplication(adapter, { auth: { ...clientOptions(op), authController: ClosedController } });
    });
    afterAll(() => app.close());

    it('is its refusal, in the form of all errors', async () => {
      const { response } = await new UserAgent().follow(loginAddress(app, { redirect_uri: ownCallback(app) }));
      const body = await expectOAuthError(response, 403, 'access_denied');
      expect(body.detail).toBe('Closed today.');
      expect(ClosedController.logins).toBe(1);
    });

    it('keeps the route, the filter and the errors of the handler that was wrapped', async () => {
      await expectOAuthError(await app.fetch('/auth/v2/login'), 400, 'invalid_request');
      expect((await app.fetch('/auth/v2/login', { method: 'HEAD' })).status).toBe(405);
    });
  });
});
