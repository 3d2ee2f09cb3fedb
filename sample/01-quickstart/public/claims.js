/** What the claims mean (OpenID Connect Core, RFC 7519, RFC 9068), in groups, in the order a person wants to read them. */
const groups = {
  Who: {
    name: 'Full name',
    preferred_username: 'Name used to sign in',
    username: 'Name used to sign in',
    pw_name: 'The same, as existing clients read it',
    given_name: 'First name',
    first_name: 'First name',
    family_name: 'Last name',
    last_name: 'Last name',
    email: 'E-mail address',
    email_verified: 'The provider has checked the e-mail address',
    department: 'Department',
    picture: 'Portrait',
    locale: 'Preferred language',
    sub: 'Subject: the person’s permanent identifier at the provider',
  },
  'What they may': {
    scope: 'Scopes granted to the application',
    scp: 'Scopes granted to the application',
    realm_access: 'Roles in the whole realm',
    resource_access: 'Roles in single applications',
    roles: 'Roles',
    groups: 'Groups the person belongs to',
  },
  When: {
    exp: 'Valid until',
    iat: 'Issued',
    nbf: 'Not valid before',
    auth_time: 'When the person last proved who they are',
    updated_at: 'When the profile last changed',
  },
  'Who made it, and for whom': {
    iss: 'Issuer: who signed it',
    aud: 'Audience: who may accept it',
    azp: 'Authorized party: the application it was issued to',
    client_id: 'Application it was issued to',
    sid: 'Session at the issuer',
    jti: 'Serial number of this token',
    nonce: 'Ties the token to one login',
    acr: 'How strongly the person was authenticated',
    amr: 'Methods used: pwd is a password',
    at_hash: 'Ties the ID token to its access token',
    typ: 'Kind of token',
    'allowed-origins': 'Web origins that may use it',
  },
};

export const isTime = (name) => name in groups.When;

/** The claims as [group, [name, meaning, value][]][], those nobody here knows last. */
export function grouped(claims) {
  const known = Object.entries(groups).map(([group, meanings]) => [
    group,
    Object.entries(meanings)
      .filter(([name]) => name in claims)
      .map(([name, meaning]) => [name, meaning, claims[name]]),
  ]);
  const isKnown = (name) => Object.values(groups).some((meanings) => name in meanings);
  const others = Object.entries(claims)
    .filter(([name]) => !isKnown(name))
    .map(([name, value]) => [name, 'A claim of this provider', value]);
  return [...known, ['More', others]].filter(([, rows]) => rows.length > 0);
}

/** Header and payload of a JWT, to be shown, never to be trusted; undefined for an opaque token. */
export function decode(token) {
  try {
    const [header, payload] = token.split('.', 2).map((part) => JSON.parse(utf8(part)));
    return { header, payload };
  } catch {
    return undefined;
  }
}

/** Roles wherever providers keep them. */
export function rolesIn(claims) {
  const clients = Object.values(claims.resource_access ?? {}).flatMap((client) => client?.roles ?? []);
  const lists = [claims.realm_access?.roles, clients, claims.roles, claims.groups];
  return [...new Set(lists.filter(Array.isArray).flat())].map(String);
}

function utf8(base64url) {
  const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
}
