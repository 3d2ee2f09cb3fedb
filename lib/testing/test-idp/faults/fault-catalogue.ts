import { edited, type Fault, fixed, tokens, redirected, without } from './fault-effects.js';
import type { TestIdpCommonFault, TestIdpEndpointFaults, TestIdpFaultPlace } from './fault-types.js';

type Names<F> = Extract<F, string>;

/** In seconds, beyond the tolerance of any client. */
const HOUR = 3_600;
const SOMEBODY_ELSE = 'https://somebody-else.example.org';

const COMMON: Readonly<Record<Names<TestIdpCommonFault>, Fault>> = {
  down: async () => 'broken',
  answerLost: async (_exchange, answer) => {
    await answer();
    return 'broken';
  },
  hang: async () => 'silent',
  html: fixed(200, 'text/html', '<!doctype html><title>Welcome</title><p>Please accept our terms.'),
  garbage: fixed(200, 'application/json', '{"access_token": "ey'),
  empty: fixed(200, 'application/json', ''),
};

const OF_ENDPOINTS: { readonly [E in keyof TestIdpEndpointFaults]: Readonly<Record<TestIdpEndpointFaults[E], Fault>> } =
  {
    authorization: {
      issMissing: redirected((parameters) => parameters.delete('iss')),
      issWrong: redirected((parameters) => parameters.set('iss', SOMEBODY_ELSE)),
    },
    token: {
      wrongKey: tokens({ unpublishedKey: true }),
      issMissing: tokens({ iss: null }),
      issWrong: tokens({ iss: SOMEBODY_ELSE }),
      nonceWrong: tokens({ idToken: () => ({ nonce: 'nonce-of-another-login' }) }),
      nonceMissing: tokens({ idToken: () => ({ nonce: undefined }) }),
      audWrong: tokens({ idToken: () => ({ aud: 'another-client' }) }),
      idTokenExpired: tokens({ idToken: ({ iat }) => ({ iat: iat - 2 * HOUR, exp: iat - HOUR }) }),
      noRefreshToken: without('refresh_token'),
      noIdToken: without('id_token'),
      noExpiresIn: without('expires_in'),
      refreshExpiresInZero: edited((body) => ({ ...body, refresh_expires_in: 0 })),
      rolesOnlyInAccessToken: tokens({ rolesIn: ['access_token'] }),
    },
    userinfo: {
      otherSub: edited((body) => ({ ...body, sub: 'somebody-else' })),
      rolesOnlyInAccessToken: tokens({ rolesIn: ['access_token'] }),
    },
  };

/** The faults of a place that have a name. */
export function faultsAt(place: TestIdpFaultPlace): Readonly<Record<string, Fault>> {
  const ofEndpoints: Readonly<Record<string, Readonly<Record<string, Fault>>>> = OF_ENDPOINTS;
  return { ...COMMON, ...ofEndpoints[place] };
}
