import { applyDecorators, UseGuards, type Type } from '@nestjs/common';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { OidcGuard } from '../guards/oidc.guard.js';
import { OptionalOidcGuard } from '../guards/optional-oidc.guard.js';
import { nearestName } from '../options/nearest-name.js';
import type { AuthorizationConstraints } from '../verification/constraints.js';
import { Claims, Roles, Scopes } from './constraint.decorators.js';

const CONSTRAINTS: readonly string[] = ['scopes', 'claims', 'roles'] satisfies (keyof AuthorizationConstraints)[];

type ClassOrMethodDecorator = ClassDecorator & MethodDecorator;

/** `@UseGuards(OidcGuard)` with constraints: scopes, claims, roles, evaluated in this order. */
export const Auth = (constraints: AuthorizationConstraints = {}): ClassOrMethodDecorator =>
  guarded(OidcGuard, constraints);

/** `@UseGuards(OptionalOidcGuard)` with constraints: a token that does not meet them counts as none. */
export const OptionalAuth = (constraints: AuthorizationConstraints = {}): ClassOrMethodDecorator =>
  guarded(OptionalOidcGuard, constraints);

function guarded(guard: Type<OidcGuard>, constraints: AuthorizationConstraints): ClassOrMethodDecorator {
  const unknown = Object.keys(constraints).find((name) => !CONSTRAINTS.includes(name));
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, CONSTRAINTS);
    const hint = nearest === undefined ? '' : `: did you mean ${nearest}?`;
    throw new OidcAuthError('options_invalid', `${unknown} is not a constraint of a route${hint}`);
  }
  const { scopes, claims, roles } = constraints;
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
