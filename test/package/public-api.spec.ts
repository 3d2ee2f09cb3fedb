import { expect, it } from 'vitest';
import * as api from '../../lib/index.js';
import * as mongoose from '../../lib/store/mongoose/index.js';
import * as typeorm from '../../lib/store/typeorm/index.js';
import * as testing from '../../lib/testing/index.js';

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

it.each([
  ['typeorm', typeorm, ['TypeOrmBrokerStore']],
  ['mongoose', mongoose, ['MongooseBrokerStore']],
  ['testing', testing, ['describeBrokerStore', 'generateTestIdpKey', 'startTcpProxy', 'startTestIdp']],
])('the subpath %s exports these', (_, subpath, names) => {
  expect(Object.keys(subpath).toSorted()).toEqual(names);
});
