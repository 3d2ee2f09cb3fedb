import type { EndpointPaths } from './endpoints.js';
import { ENDPOINT_NAMES, ENDPOINTS } from './endpoints.js';
import { joinPaths } from '../options/addresses.js';
import { nearestName } from '../options/nearest-name.js';
import type { EndpointName, OidcAuthModuleExtras } from '../options/oidc-auth-options.js';

/** Where the endpoints of a registration are. What is wrong with the extras is told by {@link extraProblems}. */
export function endpointPathsOf({ prefix, endpoints }: OidcAuthModuleExtras): EndpointPaths {
  const pathOf = (name: EndpointName): string | undefined => {
    const chosen = endpoints?.[name];
    if (chosen === false) return undefined;
    return typeof chosen === 'string' ? joinPaths(chosen) : ENDPOINTS[name].path;
  };
  const paths = Object.fromEntries(ENDPOINT_NAMES.map((name) => [name, pathOf(name)]));
  return { prefix: typeof prefix === 'string' ? joinPaths(prefix) : '', paths: paths as EndpointPaths['paths'] };
}

/** All that is wrong with the extras, in words that say how to mend it. */
export function extraProblems(extras: OidcAuthModuleExtras): string[] {
  const { prefix, endpoints, isGlobal, controllers, imports, brokerStore } = extras;
  return [
    ...(prefix === undefined || typeof prefix === 'string' ? [] : ['prefix must be a string, e.g. "/api"']),
    ...(isGlobal === undefined || typeof isGlobal === 'boolean' ? [] : ['isGlobal must be true or false']),
    ...(controllers === undefined || Array.isArray(controllers) ? [] : ['controllers must be an array of classes']),
    ...(imports === undefined || Array.isArray(imports) ? [] : ['imports must be an array of modules']),
    ...(brokerStore === undefined || isProvider(brokerStore) ? [] : [NO_PROVIDER]),
    ...Object.entries(endpoints ?? {}).flatMap(([name, path]) => endpointProblem(name, path)),
    ...duplicatePaths(endpointPathsOf(extras)),
  ];
}

const NO_PROVIDER =
  'brokerStore must be a provider: { useClass }, { useExisting }, { useFactory, inject } or { useValue }; a store itself is given ' +
  'as brokerStoreObj';

function isProvider(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return ['useClass', 'useExisting', 'useFactory', 'useValue'].some((way) => way in value);
}

function endpointProblem(name: string, path: unknown): string[] {
  if (!(name in ENDPOINTS)) {
    const nearest = nearestName(name, ENDPOINT_NAMES);
    return [`endpoints.${name} is not an endpoint${nearest === undefined ? '' : `: did you mean ${nearest}?`}`];
  }
  const isValid = path === undefined || path === false || (typeof path === 'string' && joinPaths(path) !== '');
  return isValid ? [] : [`endpoints.${name} must be a path, or false to leave the endpoint out`];
}

function duplicatePaths({ paths }: EndpointPaths): string[] {
  return ENDPOINT_NAMES.filter(
    (name, index) =>
      paths[name] !== undefined && ENDPOINT_NAMES.some((other, at) => at < index && paths[other] === paths[name]),
  ).map((name) => `endpoints.${name} has the path of another endpoint: ${paths[name]}`);
}
