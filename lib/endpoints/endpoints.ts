import { RequestMethod } from '@nestjs/common';
import type { EndpointName } from '../options/oidc-auth-options.js';
import { DEFAULT_JWKS_PATH } from '../options/trusted-issuers.js';

export interface Endpoint {
  readonly method: RequestMethod.GET | RequestMethod.POST;
  /** Relative to the prefix, where the `endpoints` extra names no other. */
  readonly path: string;
}

/** The endpoints, each by its name. */
export const ENDPOINTS: Readonly<Record<EndpointName, Endpoint>> = {
  login: { method: RequestMethod.GET, path: '/auth/v2/login' },
  callback: { method: RequestMethod.GET, path: '/auth/v2/callback' },
  token: { method: RequestMethod.POST, path: '/auth/v2/token' },
  device: { method: RequestMethod.POST, path: '/auth/v2/device' },
  logout: { method: RequestMethod.GET, path: '/auth/v2/logout' },
  userinfo: { method: RequestMethod.GET, path: '/auth/v2/userinfo' },
  jwks: { method: RequestMethod.GET, path: DEFAULT_JWKS_PATH },
  metadata: { method: RequestMethod.GET, path: '/.well-known/openid-configuration' },
};

export const ENDPOINT_NAMES = Object.keys(ENDPOINTS) as EndpointName[];

/** The methods of `AuthController` and the endpoint each serves. */
export const HANDLERS = [
  ...ENDPOINT_NAMES.map((name) => ({ name, endpoint: name, method: ENDPOINTS[name].method })),
  // The same path under another method: a browser's navigation cannot carry a bearer token.
  { name: 'endSession', endpoint: 'logout', method: RequestMethod.POST },
] as const;

/** Where this registration of the module has its endpoints; one that is left out is `undefined`. */
export interface EndpointPaths {
  readonly prefix: string;
  /** Relative to the prefix. */
  readonly paths: Readonly<Record<EndpointName, string | undefined>>;
}

/** DI token of the {@link EndpointPaths}. */
export const ENDPOINT_PATHS = Symbol('nestjs-oidc-auth:endpoint-paths');
