import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Application, startApplication } from './application.js';
import { answerWith, expectSignedIn, summary } from './expectations.js';
import { Machine, type Token } from './machine.js';
import { modes } from './modes.js';

describe.each(modes)('what a Python client has kept from its last run, in $mode mode', (mode) => {
  const past = Date.now() / 1_000 - 1;
  let app: Application;
  let machine: Machine;
  let kept: Token;

  beforeAll(async () => {
    app = await startApplication(mode);
  });
  afterAll(() => app?.stop());
  beforeEach(async () => {
    machine = await Machine.forThisTest();
    ({ token: kept } = await machine.authenticate(app.host));
    app.recorder.take();
  });

  it('is used as it is while the access token is good', async () => {
    const report = await machine.authenticate(app.host);

    expect(report.token).toEqual(kept);
    expectSignedIn(report, app);
    expect(summary(app.recorder.take())).toEqual(['GET /api/demo/protected 200']);
  });

  it.each([
    { left: 'an expired access token', changes: { expires: past } },
    { left: 'a refresh token alone', changes: { access_token: undefined, expires: undefined, headers: undefined } },
  ])('is refreshed where $left is left, again and again, without anybody at the browser', async ({ changes }) => {
    for (const _round of ['first', 'second', 'third']) {
      await machine.change(changes);
      const report = await machine.authenticate(app.host);

      expectSignedIn(report, app);
      expect(report.token.access_token).not.toBe(kept.access_token);
      const [refresh, ...others] = app.recorder.take();
      expect(refresh).toMatchObject({
        request: 'POST /api/auth/v2/token',
        form: { 'refresh-token': kept.refresh_token },
        status: 200,
        answer: answerWith(report.token),
      });
      expect(summary(others)).toEqual(['GET /api/demo/protected 200']);
      kept = report.token;
    }
  });

  it('is given up for a new login where the refresh token is refused', async () => {
    await machine.change({ expires: past, refresh_token: 'of-somebody-else' });
    const report = await machine.authenticate(app.host);

    expectSignedIn(report, app);
    const [refresh, ...others] = app.recorder.take();
    expect(refresh).toMatchObject({ status: 400, answer: { error: 'invalid_grant' } });
    expect(summary(others)).toEqual([
      'POST /api/auth/v2/device 200',
      'POST /api/auth/v2/token 200',
      'GET /api/demo/protected 200',
    ]);
  });
});
