import type { ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OperatorLines } from '../../test/fixtures/operator-lines.js';
import { OidcAuthModule, OidcGuard, OptionalOidcGuard, Public } from '../index.js';

class Handlers {
  plain() {}

  @Public()
  public() {}
}

const handlers = new Handlers();

function contextOf(type: string, handler: () => void = handlers.plain): ExecutionContext {
  const context = new ExecutionContextHost([{ headers: {}, rawHeaders: [] }, {}], Handlers, handler);
  context.setType(type);
  return context as ExecutionContext;
}

describe('a guard asked about a kind of request it does not know', () => {
  let application: TestingModule;
  const operator = new OperatorLines();
  beforeAll(async () => {
    const options = { clientId: 'client', discoveryUrl: 'http://127.0.0.1:1/.well-known/openid-configuration' };
    application = await Test.createTestingModule({ imports: [OidcAuthModule.forRoot(options)] })
      .setLogger(operator)
      .compile();
  });
  afterAll(() => application.close());

  describe.each([OidcGuard, OptionalOidcGuard])('%o', (guard) => {
    it.each(['ws', 'rpc', 'graphql', 'something-new'])('denies it: "%s"', async (type) => {
      expect(await application.get(guard).canActivate(contextOf(type))).toBe(false);
    });

    it('denies it also where the handler is public, as nothing says so for that kind of request', async () => {
      expect(await application.get(guard).canActivate(contextOf('ws', handlers.public))).toBe(false);
    });

    it('and says so in the log, with what to do instead', async () => {
      await application.get(guard).canActivate(contextOf('graphql'));
      expect(
        operator.containing(`${guard.name} denied what is no HTTP request ("graphql"), at Handlers.plain`),
      ).not.toEqual([]);
    });
  });
});
