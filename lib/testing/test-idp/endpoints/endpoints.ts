/** The endpoints of the test identity provider, by the names of their metadata (Discovery §3, RFC 8414 §2). */
export type TestIdpEndpoint =
  | 'discovery'
  | 'jwks'
  | 'authorization'
  | 'token'
  | 'userinfo'
  | 'device_authorization'
  /** The page at `verification_uri`, where somebody types the user code. */
  | 'device_verification'
  | 'revocation'
  | 'introspection'
  | 'end_session';

/** Their paths below the issuer. */
export const PATHS = {
  discovery: '/.well-known/openid-configuration',
  jwks: '/jwks',
  authorization: '/authorize',
  token: '/token',
  userinfo: '/userinfo',
  device_authorization: '/device_authorization',
  device_verification: '/device',
  revocation: '/revoke',
  introspection: '/introspect',
  end_session: '/logout',
} as const satisfies Record<TestIdpEndpoint, string>;

export function endpointAt(path: string): TestIdpEndpoint | undefined {
  const names = Object.keys(PATHS) as TestIdpEndpoint[];
  return names.find((name) => PATHS[name] === path);
}
