import { connect, type Socket } from 'node:net';

/** Told of each whole response; sends the next request by `send`, or nothing to leave the connection idle. */
type OnResponse = (connection: Connection, status: number, text: string) => void;

/**
 * One keep-alive HTTP connection with at most one request in flight. Written on the bare socket, because every usual
 * HTTP client costs more than the server under test: the figures would be those of the client.
 */
export class Connection {
  sentAt = 0;
  private received = '';

  private constructor(
    private readonly socket: Socket,
    private readonly onResponse: OnResponse,
  ) {}

  static open(port: number, onResponse: OnResponse, onError: (error: Error) => void): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        reject(error);
        onError(error);
      };
      let connection: Connection | undefined;
      const socket = connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer: Buffer.alloc(16_384),
          callback: (size, buffer) => {
            connection?.receive((buffer as Buffer).toString('latin1', 0, size));
            return true;
          },
        },
      });
      socket.once('connect', () => resolve((connection = new Connection(socket, onResponse))));
      socket.once('error', fail);
      socket.once('end', () => fail(new Error('The server closed a connection under load')));
    });
  }

  send(request: Buffer): void {
    this.sentAt = performance.now();
    this.socket.write(request);
  }

  close(): void {
    this.socket.removeAllListeners('end');
    this.socket.destroy();
  }

  private receive(text: string): void {
    const received = this.received + text;
    if (isWhole(received)) {
      this.received = '';
      this.onResponse(this, Number(received.slice(9, 12)), received);
    } else {
      this.received = received;
    }
  }
}

/** A response as both adapters write it: a head with Content-Length, then that many bytes. */
function isWhole(response: string): boolean {
  const head = response.indexOf('\r\n\r\n');
  if (head < 0) {
    return false;
  }
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(response)?.[1];
  if (length === undefined) {
    throw new Error(`The benchmark reads responses with Content-Length only, got: ${response.slice(0, head)}`);
  }
  return response.length >= head + 4 + Number(length);
}
