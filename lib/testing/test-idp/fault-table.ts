import { setTimeout as wait } from 'node:timers/promises';
import type { Answer, Exchange, Issuing, Outcome } from './exchange.js';
import type { TestIdpCommonFault, TestIdpEndpointFaults, TestIdpFault, TestIdpFaultPlace } from './fault-names.js';
import { TestIdpError } from './errors.js';

/** Stands before an endpoint: may answer itself, or change how the endpoint answers. */
export type Fault = (exchange: Exchange, answer: () => Promise<Answer>) => Promise<Outcome>;

type Names<F> = Extract<F, string>;
type Body = Readonly<Record<string, unknown>>;

const SOMEBODY_ELSE = 'https://somebody-else.example.org';

const fixed =
  (status: number, type: string, body: string | Body): Fault =>
  async () => ({ status, headers: { 'content-type': type }, body });

/** Errors stay as they are. */
const edited =
  (edit: (body: Record<string, unknown>) => Body): Fault =>
  async (_exchange, answer) => {
    const right = await answer();
    if (right.status !== 200 || typeof right.body === 'string') return right;
    return { ...right, body: edit(structuredClone(right.body)) };
  };

const without = (member: string): Fault => edited(({ [member]: _, ...rest }) => rest);

const issuing =
  (changes: Issuing): Fault =>
  (exchange, answer) => {
    Object.assign(exchange.issuing, changes);
    return answer();
  };

const redirected =
  (change: (parameters: URLSearchParams) => void): Fault =>
  async (_exchange, answer) => {
    const right = await answer();
    if (right.headers['location'] === undefined) return right;
    const location = new URL(right.headers['location']);
    change(location.searchParams);
    return { ...right, headers: { ...right.headers, location: location.href } };
  };

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
      wrongKey: issuing({ unpublishedKey: true }),
      issMissing: issuing({ iss: null }),
      issWrong: issuing({ iss: SOMEBODY_ELSE }),
      noRefreshToken: without('refresh_token'),
      noIdToken: without('id_token'),
      noExpiresIn: without('expires_in'),
      refreshExpiresInZero: edited((body) => ({ ...body, refresh_expires_in: 0 })),
      rolesOnlyInAccessToken: issuing({ rolesIn: ['access_token'] }),
    },
    userinfo: {
      otherSub: edited((body) => ({ ...body, sub: 'somebody-else' })),
      rolesOnlyInAccessToken: issuing({ rolesIn: ['access_token'] }),
    },
  };

/** What a fault does. */
export function faultNamed(place: TestIdpFaultPlace, fault: TestIdpFault): Fault {
  if (typeof fault === 'string') return named(place, fault);
  if ('edit' in fault) return edited(fault.edit);
  if ('status' in fault) {
    const { status, body = '', headers = {} } = fault;
    const type = typeof body === 'string' ? 'text/plain' : 'application/json';
    return async () => ({ status, headers: { 'content-type': type, ...headers }, body });
  }
  return async (_exchange, answer) => {
    await wait(fault.slow, undefined, { ref: false });
    return answer();
  };
}

/** Types say the same, but not to who writes tests in JavaScript. */
function named(place: TestIdpFaultPlace, name: string): Fault {
  const special = (OF_ENDPOINTS as Readonly<Record<string, Readonly<Record<string, Fault>>>>)[place] ?? {};
  const faults: Readonly<Record<string, Fault>> = { ...COMMON, ...special };
  const found = Object.hasOwn(faults, name) ? faults[name] : undefined;
  if (found !== undefined) return found;
  throw new TestIdpError(
    `There is no fault ${JSON.stringify(name)} at ${place}. There are: ${Object.keys(faults).join(', ')}.`,
  );
}
