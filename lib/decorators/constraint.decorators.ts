import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import { CLAIMS, ROLES, SCOPES } from '../guards/metadata.js';
import { words } from '../options/resolve-options.js';
import type { ClaimConstraints } from '../verification/constraints.js';

/** All of these scopes must be granted; a string may hold several, separated by spaces. On a handler it replaces the controller's. Takes effect where a guard runs. */
export const Scopes = (...scopes: string[]): CustomDecorator => SetMetadata(SCOPES, words(scopes));

/**
 * The claims that the token must have, by dotted path. On a handler it replaces the controller's, and either replaces
 * the module's `claims`; `@Claims({})` demands none. Takes effect where a guard runs.
 */
export const Claims = (claims: ClaimConstraints): CustomDecorator => SetMetadata(CLAIMS, claims);

/** All of these roles must be held. On a handler it replaces the controller's. Takes effect where a guard runs. */
export const Roles = (...roles: string[]): CustomDecorator => SetMetadata(ROLES, roles);
