import { randomUUID } from 'node:crypto';

export const audience = 'bench-api';

/** How key ids begin that no key has. */
export const unknownKid = 'unknown-';

/** What Keycloak puts into an access token: about 1.4 kB once signed with RS256. */
export function accessTokenClaims(issuer: string): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return {
    exp: now + 3600,
    iat: now,
    jti: randomUUID(),
    iss: issuer,
    aud: [audience, 'account'],
    sub: randomUUID(),
    typ: 'Bearer',
    azp: 'bench-client',
    sid: randomUUID(),
    acr: '1',
    'allowed-origins': ['https://app.example.org'],
    realm_access: { roles: ['default-roles-demo', 'offline_access', 'uma_authorization'] },
    resource_access: { account: { roles: ['manage-account', 'manage-account-links', 'view-profile'] } },
    scope: 'openid profile email',
    email_verified: true,
    name: 'Ada Lovelace',
    preferred_username: 'ada',
    given_name: 'Ada',
    family_name: 'Lovelace',
    email: 'ada@example.org',
  };
}
