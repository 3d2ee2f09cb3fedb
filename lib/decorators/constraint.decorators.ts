import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { CLAIMS, ROLES, SCOPES } from '../guards/metadata.js';
import { words } from '../options/words.js';
import { claimConstraintsProblem, namesProblem } from '../options/constraint-problems.js';
import type { ClaimConstraints } from '../verification/constraints.js';

/**
 * All of these scopes must be granted; a string may hold several, separated by spaces. On a handler it replaces the
 * controller's; `@Scopes()` demands none. Takes effect where a guard runs.
 *
 * @throws {@link OidcAuthError} `options_invalid` where one is empty
 */
export function Scopes(...scopes: string[]): CustomDecorator {
  refuse('@Scopes()', namesProblem(scopes));
  return SetMetadata(SCOPES, words(scopes));
}

/**
 * The claims that the token must have, by dotted path. On a handler it replaces the controller's, and either replaces
 * the module's `claims`; `@Claims({})` demands none. Takes effect where a guard runs.
 *
 * @throws {@link OidcAuthError} `options_invalid` where a constraint would be met by every token or by none
 */
export function Claims(claims: ClaimConstraints): CustomDecorator {
  refuse('@Claims()', claimConstraintsProblem(claims));
  return SetMetadata(CLAIMS, claims);
}

/**
 * All of these roles must be held. On a handler it replaces the controller's; `@Roles()` demands none. Takes effect
 * where a guard runs.
 *
 * @throws {@link OidcAuthError} `options_invalid` where one is empty
 */
export function Roles(...roles: string[]): CustomDecorator {
  refuse('@Roles()', namesProblem(roles));
  return SetMetadata(ROLES, roles);
}

function refuse(decorator: string, problem: string | undefined): void {
  if (problem !== undefined) throw new OidcAuthError('options_invalid', `${decorator} ${problem}.`);
}
