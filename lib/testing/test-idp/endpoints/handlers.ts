import type { Answer, Exchange } from '../http/exchange.js';
import type { Provider } from '../provider.js';
import { authorize } from './authorization-endpoint.js';
import { deviceAuthorization, deviceVerification } from './device-flow.js';
import { discovery, jwks } from './discovery-endpoint.js';
import type { TestIdpEndpoint } from './endpoints.js';
import { introspection } from './introspection.js';
import { endSession } from './logout.js';
import { revocation } from './revocation.js';
import { token } from './token-endpoint.js';
import { userinfo } from './userinfo.js';

interface Handler {
  readonly methods: readonly string[];
  answer(exchange: Exchange, provider: Provider): Answer | Promise<Answer>;
}

const GET = ['GET', 'HEAD'];
const POST = ['POST'];

/** Who answers at which endpoint. */
export const HANDLERS: Readonly<Record<TestIdpEndpoint, Handler>> = {
  discovery: { methods: GET, answer: (_exchange, provider) => discovery(provider) },
  jwks: { methods: GET, answer: (_exchange, provider) => jwks(provider) },
  authorization: { methods: ['GET', 'POST'], answer: authorize },
  token: { methods: POST, answer: token },
  userinfo: { methods: ['GET', 'POST'], answer: userinfo },
  device_authorization: { methods: POST, answer: deviceAuthorization },
  device_verification: { methods: ['GET', 'POST'], answer: deviceVerification },
  revocation: { methods: POST, answer: revocation },
  introspection: { methods: POST, answer: introspection },
  end_session: { methods: ['GET', 'POST'], answer: endSession },
};
