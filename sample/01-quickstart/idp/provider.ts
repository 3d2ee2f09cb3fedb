import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Provider, type Configuration, type JWK, type KoaContextWithOIDC } from 'oidc-provider';
import { deviceCodePage, deviceConfirmPage, deviceDonePage, errorPage, loggedOutPage, logoutPage } from './pages.js';
import { claimsOf, userNamed } from './users.js';

export interface DemoProviderOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where the application's page lives: codes and logouts return there. */
  readonly applicationUrls: readonly string[];
  readonly audience: string;
  readonly accessTokenTtl: number;
}

/** An OpenID provider for the demonstration: everything in memory, new keys at each start, no consent screen. */
export function createProvider(options: DemoProviderOptions): Provider {
  const callbacks = options.applicationUrls.map((url) => new URL('api/auth/v2/callback', url).href);
  return new Provider(options.issuer, {
    clients: [
      {
        client_id: options.clientId,
        client_secret: options.clientSecret,
        client_name: 'Quickstart',
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
        // Programs on the user's machine catch the redirect on a port they find free (RFC 8252 §7.3).
        application_type: 'native',
        redirect_uris: [...options.applicationUrls, ...callbacks, 'http://localhost/callback'],
        post_logout_redirect_uris: [...options.applicationUrls],
      },
    ],
    jwks: { keys: [signingKey()] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: {
      openid: ['sub'],
      profile: ['preferred_username', 'name', 'given_name', 'family_name', 'department', 'realm_access'],
      email: ['email', 'email_verified'],
    },
    // With the default, an ID token beside an access token carries `sub` alone.
    conformIdTokenClaims: false,
    findAccount: (_ctx, sub) => {
      const user = userNamed(sub);
      return user && { accountId: sub, claims: () => ({ sub, ...claimsOf(user) }) };
    },
    extraTokenClaims: (_ctx, token) => {
      const user = 'accountId' in token ? userNamed(token.accountId) : undefined;
      return user && withinScope(claimsOf(user), token.scope);
    },
    // No consent page: what the demo application asks for is granted.
    loadExistingGrant: grantWhatIsAsked(options.audience),
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    pkce: { required: () => true },
    interactions: { url: (_ctx, interaction) => `/login/${interaction.uid}` },
    features: features(options),
    ttl: {
      AccessToken: options.accessTokenTtl,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: 86_400,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 30 * 86_400,
      Session: 86_400,
    },
    renderError: (ctx, out) => errorPage(ctx, out, options.applicationUrls[0]),
  } satisfies Configuration);
}

function features({ audience, accessTokenTtl }: DemoProviderOptions): Configuration['features'] {
  return {
    devInteractions: { enabled: false },
    deviceFlow: {
      enabled: true,
      userCodeInputSource: deviceCodePage,
      userCodeConfirmSource: deviceConfirmPage,
      successSource: deviceDonePage,
    },
    // An application that ends a session wants the tokens of it to end, too.
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: true, logoutSource: logoutPage, postLogoutSuccessSource: loggedOutPage },
    // A resource server that nobody has to name makes every access token a JWT for the application.
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'openid profile email offline_access',
        audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: accessTokenTtl,
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  };
}

function grantWhatIsAsked(audience: string) {
  return async (ctx: KoaContextWithOIDC) => {
    const { account, client, params, provider, session } = ctx.oidc;
    const scope = typeof params?.['scope'] === 'string' ? params['scope'] : '';
    const known = session?.grantIdFor(client!.clientId);
    const grant =
      (known && (await provider.Grant.find(known))) ||
      new provider.Grant({ accountId: account!.accountId, clientId: client!.clientId });
    if (grant.accountId !== account!.accountId) return undefined;
    grant.addOIDCScope(scope);
    grant.addResourceScope(audience, scope);
    await grant.save();
    return grant;
  };
}

function withinScope(claims: Record<string, unknown>, scope = ''): Record<string, unknown> {
  const granted = scope.split(' ');
  return Object.fromEntries(
    Object.entries(claims).filter(([name]) => granted.includes('email') || !name.startsWith('email')),
  );
}

function signingKey(): JWK {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' } as JWK;
}
