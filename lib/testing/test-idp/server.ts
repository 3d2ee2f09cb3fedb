import type { IncomingMessage, ServerResponse } from 'node:http';
import { endpointAt, PATHS } from './endpoints.js';
import { type Answer, answerOf, type Exchange, type Outcome, page, received, send } from './exchange.js';
import type { TestIdpFaults } from './faults.js';
import { HANDLERS } from './handlers.js';
import type { Provider } from './provider.js';
import type { TestIdpRequest } from './requests.js';

/** Leads requests by the faults to the endpoints, and remembers them. */
export class Server {
  readonly requests: TestIdpRequest[] = [];

  constructor(
    private readonly provider: Provider,
    private readonly faults: TestIdpFaults,
  ) {}

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    // Who breaks off the connection while it is read or answered wants no answer.
    this.answer(request, response).catch(() => response.destroy());
  };

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { body, ...rest } = await received(request, this.provider.issuer);
    const endpoint = endpointAt(rest.url.pathname);
    if (endpoint === undefined) {
      send(response, page('Not found', `<p>The endpoints are ${Object.values(PATHS).join(', ')}.`, 404));
      return;
    }
    const record: { -readonly [Member in keyof TestIdpRequest]: TestIdpRequest[Member] } = {
      endpoint,
      method: rest.method,
      url: rest.url,
      headers: rest.headers,
      parameters: Object.fromEntries(rest.parameters),
      body,
    };
    this.requests.push(record);
    const outcome = await this.outcome({ ...rest, endpoint, issuing: {} });
    if (typeof outcome === 'object') record.status = outcome.status;
    send(response, outcome);
  }

  private async outcome(exchange: Exchange): Promise<Outcome> {
    try {
      return await this.faults.next(exchange.endpoint)(exchange, () => this.rightAnswer(exchange));
    } catch (error) {
      return answerOf(error);
    }
  }

  private async rightAnswer(exchange: Exchange): Promise<Answer> {
    const { methods, answer } = HANDLERS[exchange.endpoint];
    if (!methods.includes(exchange.method)) {
      return { status: 405, headers: { allow: methods.join(', ') }, body: '' };
    }
    try {
      return await answer(exchange, this.provider);
    } catch (error) {
      return answerOf(error);
    }
  }
}
