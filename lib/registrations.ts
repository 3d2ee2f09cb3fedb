import type { ModulesContainer } from '@nestjs/core';
import { ENDPOINT_NAMES, type EndpointPaths } from './endpoints/endpoints.js';
import { OidcAuthError } from './errors/oidc-auth-error.js';
import { joinPaths } from './options/addresses.js';

/** What one registration of the module has that another of the same application could have, too. */
export interface Registration {
  readonly isGlobal: boolean;
  readonly endpoints: EndpointPaths;
}

/** Nest keeps a module's route prefix by class, so each registration has a class of its own. */
const registrations = new WeakMap<Function, Registration>();

export function remember(type: Function, registration: Registration): void {
  registrations.set(type, registration);
}

/**
 * Looks at all registrations in an application, before Nest makes their routes: of two on one path Express would serve the first
 * for both, and Fastify would complain in words of its own.
 *
 * @throws {@link OidcAuthError} `module_duplicate`
 */
export function assertApart(modules: ModulesContainer): void {
  const types = new Set([...modules.values()].map(({ metatype }) => metatype as Function));
  const all = [...types].map((type) => registrations.get(type)).filter((one) => one !== undefined);
  if (all.filter(({ isGlobal }) => isGlobal).length > 1) {
    throw duplicate('globally more than once: register it once, or give isGlobal: false to all but one');
  }
  const paths = all.flatMap(({ endpoints }) => [...new Set(pathsOf(endpoints))]);
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined)
    throw duplicate(`twice with the endpoint ${twice}: give each registration a prefix of its own`);
}

function pathsOf({ prefix, paths }: EndpointPaths): string[] {
  return ENDPOINT_NAMES.flatMap((name) => (paths[name] === undefined ? [] : [joinPaths(prefix, paths[name])]));
}

function duplicate(how: string): OidcAuthError {
  return new OidcAuthError('module_duplicate', `OidcAuthModule is registered ${how}.`);
}
