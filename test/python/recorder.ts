import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Exchange {
  /** `POST /api/auth/v2/token`, without the query. */
  readonly request: string;
  readonly query: Record<string, string>;
  readonly form: Record<string, string>;
  readonly status: number;
  /** The answer's JSON, or its text. */
  readonly answer: unknown;
}

/** Stands between a client and the application, changes nothing, and keeps what both have said. */
export class Recorder {
  #exchanges: Exchange[] = [];
  readonly #events = new EventEmitter();
  readonly #server;

  private constructor(private readonly target: string) {
    this.#server = createServer((incoming, outgoing) => {
      this.#pass(incoming, outgoing).catch((error: Error) => outgoing.destroy(error));
    });
  }

  static async start(target: string): Promise<Recorder> {
    const recorder = new Recorder(target);
    recorder.#server.listen(0, '127.0.0.1');
    await once(recorder.#server, 'listening');
    return recorder;
  }

  /** For clients, in place of the application's own. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What was said since this was last asked. */
  take(): Exchange[] {
    return this.#exchanges.splice(0);
  }

  /** Resolves as soon as something of this kind has been answered. */
  async seen(wanted: (exchange: Exchange) => boolean): Promise<void> {
    while (!this.#exchanges.some(wanted)) await once(this.#events, 'exchange');
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method, headers } = incoming;
    const url = new URL(incoming.url!, this.target);
    const asked = await text(incoming);
    // No connection is kept: it could be closed just as the next request goes out on it.
    const asking = request(url, { method, headers, agent: false }).end(asked);
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    const answered = await text(response);
    this.#exchanges.push({
      request: `${method} ${url.pathname}`,
      query: Object.fromEntries(url.searchParams),
      form: Object.fromEntries(new URLSearchParams(asked)),
      status: response.statusCode!,
      answer: response.headers['content-type']?.includes('json') ? JSON.parse(answered) : answered,
    });
    this.#events.emit('exchange');
    outgoing.writeHead(response.statusCode!, response.headers).end(answered);
  }
}
