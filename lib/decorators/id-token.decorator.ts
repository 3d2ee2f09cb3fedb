import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { HttpException } from '@nestjs/common';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { OperatorLog } from '../errors/operator-log.js';
import { claimsOf } from '../guards/authenticated-request.js';
import { errorResponse } from '../http/error-response.js';
import { valuesAt } from '../verification/claim-path.js';

const log = new OperatorLog();

/**
 * The verified claims of the request's access token, deeply frozen; `null` where an optional guard let nobody in.
 * With a path (`@IdToken('realm_access.roles')`) the claim there. Takes pipes.
 */
export const IdToken = createParamDecorator<string | undefined>((path, context: ExecutionContext) => {
  const claims = claimsOf(context.switchToHttp().getRequest<object>());
  if (claims === undefined) throw guardMissing(context);
  if (path === undefined) return claims;
  return claims === null ? null : valuesAt(claims, path)[0];
});

function guardMissing(context: ExecutionContext): HttpException {
  const route = `${context.getClass().name}.${context.getHandler().name}`;
  const error = new OidcAuthError(
    'guard_missing',
    `@IdToken() at ${route} found no guard: ` +
      'add @UseGuards(OidcGuard) or ' +
      '@UseGuards(OptionalOidcGuard), and no @Public(). In a test, override TokenVerifier rather than the guard.',
  );
  log.error(error.message);
  return new HttpException(errorResponse(error).body, 500, { cause: error });
}
