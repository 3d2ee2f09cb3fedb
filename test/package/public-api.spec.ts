import { expect, it } from 'vitest';
import * as api from '../../lib/index.js';
import * as typeorm from '../../lib/store/typeorm/index.js';

it('the package exports these names, and a change to them is a change to its public API', () => {
  expect(Object.keys(api).toSorted()).toEqual([
    'Auth',
    'AuthController',
    'BrokerStore',
    'Claims',
    'IdToken',
    'IdTokenClaims',
    'MemoryBrokerStore',
    'OidcAuthError',
    'OidcAuthModule',
    'OidcAuthService',
    'OidcGuard',
    'OptionalAuth',
    'OptionalOidcGuard',
    'Public',
    'Roles',
    'Scopes',
    'TokenBroker',
    'TokenVerifier',
  ]);
});

it('the subpath typeorm exports these', () => {
  expect(Object.keys(typeorm)).toEqual(['TypeOrmBrokerStore']);
});
