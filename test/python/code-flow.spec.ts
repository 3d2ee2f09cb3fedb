import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { fault, startOp, type TestOp } from '../fixtures/op/index.js';
import { type Application, startApplication, startApplicationAt } from './application.js';
import { answerWith, expectSignedIn, summary } from './expectations.js';
import { Machine } from './machine.js';
import { modes } from './modes.js';

describe.each(modes)('the code flow of a Python client, in $mode mode', (mode) => {
  let op: TestOp;
  let app: Application;
  let machine: Machine;

  beforeAll(async () => {
    op = await startOp();
    // The client's own reason to take the code flow.
    op.faults.set('discovery', fault.without('device_authorization_endpoint'));
    app = await startApplicationAt(op, mode);
  });
  afterAll(async () => {
    await app?.stop();
    await op?.close();
  });
  beforeEach(async () => {
    app.recorder.take();
    machine = await Machine.forThisTest();
  });

  it('goes through the browser to a token that a guarded route accepts', async () => {
    const report = await machine.codeFlow(app.host);

    expectSignedIn(report, app);
    const [login, token, ...others] = app.recorder.take();
    const redirect_uri = expect.stringMatching(/^http:\/\/localhost:\d+\/callback$/);
    expect(login).toMatchObject({
      request: 'GET /api/auth/v2/login',
      query: { redirect_uri, offline_access: 'true', prompt: 'consent' },
      status: 302,
    });
    expect(token).toMatchObject({
      request: 'POST /api/auth/v2/token',
      form: { code: expect.any(String), redirect_uri, code_verifier: expect.any(String) },
      status: 200,
      answer: answerWith(report.token),
    });
    expect(summary(others)).toEqual(['GET /api/demo/protected 200']);
  });

  it('is what authenticate() turns to where the provider has no device flow', async () => {
    expectSignedIn(await machine.authenticate(app.host), app);

    expect(summary(app.recorder.take())).toEqual([
      'POST /api/auth/v2/device 503',
      'GET /api/auth/v2/login 302',
      'POST /api/auth/v2/token 200',
      'GET /api/demo/protected 200',
    ]);
  });

  it('leaves a token that the next run uses, and the one after it refreshes', async () => {
    const { token } = await machine.codeFlow(app.host);
    app.recorder.take();

    expect((await machine.codeFlow(app.host)).token).toEqual(token);
    await machine.change({ expires: 0 });
    expectSignedIn(await machine.codeFlow(app.host), app);
    expect(summary(app.recorder.take())).toEqual([
      'GET /api/demo/protected 200',
      'POST /api/auth/v2/token 200',
      'GET /api/demo/protected 200',
    ]);
  });

  it('also works at the demo provider of npm start', async () => {
    const demo = await startApplication(mode);
    onTestFinished(() => demo.stop());

    expectSignedIn(await machine.codeFlow(demo.host), demo);
    await machine.change({ expires: 0 });
    expectSignedIn(await machine.codeFlow(demo.host), demo);
  });
});
