import type { IncomingMessage, ServerResponse } from 'node:http';
import { endpointAt, PATHS } from '../endpoints/endpoints.js';
import { HANDLERS } from '../endpoints/handlers.js';
import type { Epochs } from '../epochs.js';
import { OAuthError } from '../errors.js';
import type { TestIdpFaults } from '../faults/faults.js';
import type { Provider } from '../provider.js';
import { corsHeaders, preflight } from './cors.js';
import { type Answer, answerOf, type Exchange, type Outcome, page, received, send } from './exchange.js';
import type { TestIdpRequest } from './requests.js';

/** Leads requests by the faults to the endpoints, and remembers them. */
export class Server {
  constructor(
    private readonly epochs: Epochs,
    private readonly faults: TestIdpFaults,
  ) {}

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    // Who breaks off the connection while it is read or answered wants no answer.
    this.answer(request, response).catch(() => response.destroy());
  };

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { body, ...rest } = await received(request, this.epochs.current.provider.issuer);
    // Its own to the end: a fault may delay it beyond the end of its test.
    const { provider, requests, underWay } = this.epochs.current;
    const endpoint = endpointAt(rest.url.pathname);
    if (endpoint === undefined) {
      send(response, page('Not found', `<p>The endpoints are ${Object.values(PATHS).join(', ')}.</p>`, 404));
      return;
    }
    const question = preflight(endpoint, rest.method, rest.headers, HANDLERS[endpoint].methods);
    if (question !== undefined) {
      send(response, question);
      return;
    }
    const record: { -readonly [Member in keyof TestIdpRequest]: TestIdpRequest[Member] } = {
      endpoint,
      method: rest.method,
      url: rest.url,
      headers: { ...rest.headers },
      parameters: Object.fromEntries(rest.parameters),
      body,
    };
    requests.push(record);
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    const outcome = await this.outcome({ ...rest, endpoint, tokenChanges: {} }, provider);
    if (typeof outcome === 'string') {
      send(response, outcome);
      return;
    }
    record.status = outcome.status;
    const headers = { ...corsHeaders(endpoint, rest.headers), ...outcome.headers };
    send(response, { ...outcome, headers });
  }

  private async outcome(exchange: Exchange, provider: Provider): Promise<Outcome> {
    try {
      return await this.faults.next(exchange.endpoint)(exchange, () => this.rightAnswer(exchange, provider));
    } catch (error) {
      return answerOf(error);
    }
  }

  private async rightAnswer(exchange: Exchange, provider: Provider): Promise<Answer> {
    const { methods, answer } = HANDLERS[exchange.endpoint];
    if (!methods.includes(exchange.method)) {
      return { status: 405, headers: { allow: methods.join(', ') }, body: '' };
    }
    try {
      if (exchange.hasOtherBody) {
        const type = exchange.headers['content-type'] ?? 'of no type';
        throw new OAuthError('invalid_request', `the body is ${type}, not application/x-www-form-urlencoded`);
      }
      return await answer(exchange, provider);
    } catch (error) {
      return answerOf(error);
    }
  }
}
