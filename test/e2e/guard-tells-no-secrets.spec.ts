import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Auth, OidcGuard, OptionalOidcGuard } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, startApplication } from '../fixtures/application.js';
import { generateSigningKey, startOp, type TestOp } from '../fixtures/op/index.js';
import { OperatorLines } from '../fixtures/operator-lines.js';
import { rawHmacJws } from '../fixtures/raw-jwt.js';

@Controller()
class GuardedController {
  @Get('me')
  @UseGuards(OidcGuard)
  me() {}

  @Get('maybe-me')
  @UseGuards(OptionalOidcGuard)
  maybe() {}

  @Get('admin')
  @Auth({ scopes: 'admin', claims: { secret: 'value' }, roles: 'admin' })
  admin() {}
}

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

describe.each(adapters)('whatever is wrong with a token, on $name', (adapter) => {
  it('neither the log at its most verbose nor any answer holds a part of it or a secret', async () => {
    const operator = new OperatorLines();
    const auth = clientOptions(op);
    const app = await startApplication(adapter, {
      auth,
      module: { controllers: [GuardedController] },
      logger: operator,
    });
    const foreign = await generateSigningKey('ES256');
    const tokens = [
      await op.mint(),
      await op.mint({ exp: 1 }),
      await op.mint({ aud: 'other' }),
      await op.mint({ iss: 'https://other.example.org' }),
      await op.mint({ sub: undefined as never }),
      await op.mint({ at_hash: 'x' }),
      await op.mint({}, { typ: 'logout+jwt' }),
      await op.mint({}, { kid: 'unknown' }),
      await op.signWith({ ...foreign, kid: op.currentKid }),
      rawHmacJws(auth.clientSecret!, { alg: 'HS256' }, { sub: 'alice' }),
      'opaque-token-0123456789',
      'encrypted-header.encrypted-key.initial-vector.cipher-text.tag-of-it',
      'not-base64-%%%.not-base64-%%%.not-base64-%%%',
    ];
    const answers: string[] = [];
    for (const path of ['/me', '/maybe-me', '/admin', '/auth/v2/userinfo']) {
      for (const token of tokens) {
        for (const authorization of [`Bearer ${token}`, `Basic ${token}`]) {
          const response = await app.fetch(path, { headers: { authorization } });
          answers.push(JSON.stringify([...response.headers]), await response.text());
        }
      }
    }
    await app.close();

    const written = [...operator.lines, ...answers].join('\n');
    const secrets = [auth.clientSecret!, ...tokens.flatMap((token) => token.split('.'))];
    expect(secrets.filter((secret) => secret.length > 8 && written.includes(secret))).toEqual([]);
    expect(operator.lines.length).toBeGreaterThan(3);
    expect(written).not.toMatch(/node_modules|\.ts:\d+/);
  });
});
