import { applyDecorators, UseGuards, type Type } from '@nestjs/common';
import { OidcGuard } from '../guards/oidc.guard.js';
import { OptionalOidcGuard } from '../guards/optional-oidc.guard.js';
import type { AuthorizationConstraints } from '../verification/constraints.js';
import { Claims, Roles, Scopes } from './constraint.decorators.js';

type ClassOrMethodDecorator = ClassDecorator & MethodDecorator;

/** `@UseGuards(OidcGuard)` with constraints: scopes, claims, roles, evaluated in this order. */
export const Auth = (constraints: AuthorizationConstraints = {}): ClassOrMethodDecorator =>
  guarded(OidcGuard, constraints);

/** `@UseGuards(OptionalOidcGuard)` with constraints: a token that does not meet them counts as none. */
export const OptionalAuth = (constraints: AuthorizationConstraints = {}): ClassOrMethodDecorator =>
  guarded(OptionalOidcGuard, constraints);

function guarded(guard: Type<OidcGuard>, { scopes, claims, roles }: AuthorizationConstraints): ClassOrMethodDecorator {
  return applyDecorators(
    UseGuards(guard),
    ...(scopes === undefined ? [] : [Scopes(...list(scopes))]),
    ...(claims === undefined ? [] : [Claims(claims)]),
    ...(roles === undefined ? [] : [Roles(...list(roles))]),
  );
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}
