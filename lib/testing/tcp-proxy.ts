import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What a {@link startTcpProxy} stands before. */
export interface TcpProxyOptions {
  /** Of the server. Default `'127.0.0.1'`. */
  readonly host?: string | undefined;
  /** Of the server. */
  readonly port: number;
  /**
   * Tells what a client says by itself, such as the heartbeats of a driver: those answers are not lost in place of others.
   * Default: nothing.
   */
  readonly isBackground?: ((data: Buffer) => boolean) | undefined;
}

/** Stands between a client and its server, and breaks what networks break. */
export interface TcpProxy {
  /** Where it listens: `'127.0.0.1'`. */
  readonly host: string;
  readonly port: number;
  /**
   * What a client says next reaches the server; when the answer comes, the connection breaks instead.
   *
   * @returns what settles when that has happened
   */
  loseNextAnswer(): Promise<void>;
  /** Nothing gets through any more, on new connections neither, and nobody is told. */
  hang(): void;
  /** Ends what `hang` began: what was held up goes on. */
  resume(): void;
  /** Breaks all connections, and each new one until `restore`. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

/**
 * Starts a proxy in this process, on a free port of 127.0.0.1, to try what a client does on a bad day of its network.
 *
 * ```ts
 * const { port, hang, resume, close } = await startTcpProxy({ port: 5432 });
 * ```
 */
export async function startTcpProxy({
  host = '127.0.0.1',
  port,
  isBackground = () => false,
}: TcpProxyOptions): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let losing: (() => void) | undefined;
  let isHanging = false;
  let isCut = false;

  const breakAll = () => {
    for (const socket of [...pairs].flat()) socket.destroy();
  };
  const proxy = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const server = connect(port, host);
    const pair = [client, server] as const;
    pairs.add(pair);
    let losingHere: typeof losing;
    client.on('data', (data) => {
      if (losing !== undefined && !isBackground(data)) [losingHere, losing] = [losing, undefined];
      server.write(data);
    });
    server.on('data', (data) => {
      if (losingHere === undefined) {
        client.write(data);
        return;
      }
      client.destroy();
      losingHere();
    });
    for (const [one, other] of [pair, [server, client]] as const) {
      one.on('error', () => undefined);
      one.on('close', () => {
        other.destroy();
        pairs.delete(pair);
      });
    }
    if (isHanging) for (const socket of pair) socket.pause();
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { address, port: ownPort } = proxy.address() as AddressInfo;

  return {
    host: address,
    port: ownPort,
    loseNextAnswer: () =>
      new Promise((resolve) => {
        losing = resolve;
      }),
    hang: () => {
      isHanging = true;
      for (const socket of [...pairs].flat()) socket.pause();
    },
    resume: () => {
      isHanging = false;
      for (const socket of [...pairs].flat()) socket.resume();
    },
    cut: () => {
      isCut = true;
      breakAll();
    },
    restore: () => {
      isCut = false;
    },
    close: async () => {
      if (!proxy.listening) return;
      proxy.close();
      breakAll();
      await once(proxy, 'close');
    },
  };
}
