import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Application, startApplication } from './application.js';
import { answerWith, expectSignedIn, summary } from './expectations.js';
import { Machine } from './machine.js';
import { modes } from './modes.js';

describe.each(modes)('the device flow of a Python client, in $mode mode', (mode) => {
  let app: Application;
  let machine: Machine;

  beforeAll(async () => {
    app = await startApplication(mode);
  });
  afterAll(() => app?.stop());
  beforeEach(async () => {
    app.recorder.take();
    machine = await Machine.forThisTest();
  });

  it('ends with a token that a guarded route accepts', async () => {
    const report = await machine.authenticate(app.host);

    expectSignedIn(report, app);
    const [device, token, route] = app.recorder.take();
    expect(device).toMatchObject({ request: 'POST /api/auth/v2/device', form: {}, status: 200 });
    const { device_code } = device!.answer as { device_code: string };
    expect(token).toMatchObject({
      request: 'POST /api/auth/v2/token',
      form: { 'device-code': device_code },
      status: 200,
      answer: answerWith(report.token),
    });
    expect(route).toMatchObject({ request: 'GET /api/demo/protected', status: 200 });
  });

  it('goes on while nobody has approved it, and ends as soon as somebody has', async () => {
    const { code, report } = await machine.deviceFlow(app.host);
    await app.recorder.seen(({ status }) => status === 400);
    await machine.browse(code.uri);

    expectSignedIn(await report(), app);
    const [, ...later] = app.recorder.take();
    // Once, or again where the person took longer than the client waits between two looks.
    const early = later.filter(({ status }) => status === 400);
    for (const { answer } of early) expect(answer).toMatchObject({ error: 'authorization_pending' });
    expect(summary(later.slice(early.length))).toEqual(['POST /api/auth/v2/token 200', 'GET /api/demo/protected 200']);
  });

  it('ends with the reason when the person refuses', async () => {
    const refused = machine.authenticate(app.host, { refuse: true });

    await expect(refused).rejects.toThrow('AuthError: Device flow failed: access_denied');
  });

  it("works from the client's own command, whose next run needs nobody", async () => {
    const token = await machine.commandLine(app.host);
    expect(summary(app.recorder.take())).toEqual(['POST /api/auth/v2/device 200', 'POST /api/auth/v2/token 200']);

    expect(await machine.commandLine(app.host)).toEqual(token);
    expect(app.recorder.take()).toEqual([]);
  });
});
