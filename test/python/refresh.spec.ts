import { describe, expect, it, onTestFinished } from 'vitest';
import { fault, startOp, type TestOp, type TestOpOptions } from '../fixtures/op/index.js';
import { type Application, startApplicationAt } from './application.js';
import { answerWith, expectSignedIn, summary } from './expectations.js';
import { Machine } from './machine.js';
import { type Mode, modes } from './modes.js';

/** How providers answer a refresh: the client must be left with a refresh token in each case. */
const providers: { answers: string; options?: TestOpOptions; atRefresh?: fault.Fault }[] = [
  { answers: 'with a new one each time' },
  {
    answers: 'with none, as the old one stays good',
    options: { rotateRefreshTokens: false },
    atRefresh: fault.without('refresh_token'),
  },
  {
    answers: 'that it lives for 0 s, meaning for ever',
    options: { rotateRefreshTokens: false },
    atRefresh: fault.json((body) => ({ ...body, refresh_expires_in: 0 })),
  },
];

async function start(mode: Mode, options: TestOpOptions = {}): Promise<{ op: TestOp; app: Application }> {
  const op = await startOp(options);
  onTestFinished(() => op.close());
  const app = await startApplicationAt(op, mode);
  onTestFinished(() => app.stop());
  return { op, app };
}

describe.each(modes)('a Python client can refresh again and again, in $mode mode', (mode) => {
  it.each(providers)('where the provider answers a refresh token $answers', async ({ options, atRefresh }) => {
    const { op, app } = await start(mode, options);
    const machine = await Machine.forThisTest();
    let { token } = await machine.authenticate(app.host);
    if (atRefresh) op.faults.set('token', atRefresh);

    for (const _round of ['first', 'second', 'third']) {
      app.recorder.take();
      await machine.change({ expires: 0 });
      const report = await machine.authenticate(app.host);

      expectSignedIn(report, app);
      const [refresh, ...others] = app.recorder.take();
      expect(refresh).toMatchObject({
        request: 'POST /api/auth/v2/token',
        form: { 'refresh-token': token.refresh_token },
        status: 200,
        answer: answerWith(report.token),
      });
      expect(summary(others)).toEqual(['GET /api/demo/protected 200']);
      token = report.token;
    }
  });
});
