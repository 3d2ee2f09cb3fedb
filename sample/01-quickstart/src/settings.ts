/** All that the environment may say, read in one place. `npm start` fills it in for the demo identity provider. */
const env = (name: string): string | undefined => process.env[name] || undefined;

export const oidc = {
  discoveryUrl: env('OIDC_DISCOVERY_URL') ?? '',
  clientId: env('OIDC_CLIENT_ID') ?? '',
  clientSecret: env('OIDC_CLIENT_SECRET'),
  scopes: env('OIDC_SCOPES') ?? 'profile email',
  audience: env('OIDC_AUDIENCE'),
  publicUrl: env('OIDC_PUBLIC_URL'),
  // As in a query, for example Auth0's `audience=https://api.example.org`.
  authorizationParams: Object.fromEntries(new URLSearchParams(env('OIDC_AUTHORIZATION_PARAMS'))),
};

/** What the restricted routes of the demonstration ask for; another identity provider knows other claims and roles. */
const [claim, value] = (env('DEMO_CLAIM') ?? 'department=finance').split(/=(.*)/s) as [string, string];

export const demo = {
  scope: env('DEMO_SCOPE') ?? 'email',
  claim: { [claim]: value === 'true' || value === 'false' ? value === 'true' : value },
  role: env('DEMO_ROLE') ?? 'admin',
};
