import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

const heard: string[] = [];
const echo = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('data', (data) => {
    heard.push(String(data));
    socket.write(`${data}!`);
  });
});
let proxy: TcpProxy;
let clients: Socket[] = [];

beforeEach(async () => {
  heard.length = 0;
  await once(echo.listen(0, '127.0.0.1'), 'listening');
  const { port } = echo.address() as AddressInfo;
  proxy = await startTcpProxy({ port, isBackground: (data) => String(data) === 'heartbeat' });
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  clients = [];
  await proxy.close();
  echo.close();
  await once(echo, 'close');
});

async function connected(): Promise<Socket> {
  const client = connect(proxy.port, proxy.host);
  client.on('error', () => undefined);
  clients.push(client);
  await once(client, 'connect');
  return client;
}

/** What comes back, or that the connection broke. */
async function answerTo(client: Socket, text: string): Promise<string> {
  client.write(text);
  const answer = once(client, 'data').then(([data]) => String(data));
  const closed = once(client, 'close').then(() => 'connection closed');
  // Whether a client is told that it was reset is up to chance.
  return Promise.race([answer, closed]).catch(() => 'connection closed');
}

describe('the proxy', () => {
  it('passes on what both sides say', async () => {
    const client = await connected();
    expect(await answerTo(client, 'one')).toBe('one!');
    expect(await answerTo(client, 'two')).toBe('two!');
  });

  it('loses the answer to what is said next, breaks that connection only, and says so', async () => {
    const [one, other] = [await connected(), await connected()];
    const lost = proxy.loseNextAnswer();
    expect(await answerTo(one, 'one')).toBe('connection closed');
    await lost;
    expect(heard).toEqual(['one']);
    expect(await answerTo(other, 'other')).toBe('other!');
    expect(await answerTo(await connected(), 'another')).toBe('another!');
  });

  it('does not take what a client says by itself for what is said next', async () => {
    const client = await connected();
    const lost = proxy.loseNextAnswer();
    expect(await answerTo(client, 'heartbeat')).toBe('heartbeat!');
    expect(await answerTo(client, 'one')).toBe('connection closed');
    await lost;
  });

  it('hangs, on new connections too, and lets through what it held up when it goes on', async () => {
    const old = await connected();
    expect(await answerTo(old, 'before')).toBe('before!');
    proxy.hang();
    const answers = [answerTo(old, 'old'), answerTo(await connected(), 'new')];
    // One that does not go through it takes as long to the server and back.
    const direct = connect((echo.address() as AddressInfo).port, '127.0.0.1');
    clients.push(direct);
    expect(await answerTo(direct, 'direct')).toBe('direct!');
    expect(heard).toEqual(['before', 'direct']);
    proxy.resume();
    expect(await Promise.all(answers)).toEqual(['old!', 'new!']);
  });

  it('breaks all connections, and each new one until they are to be restored', async () => {
    const client = await connected();
    const closed = once(client, 'close');
    proxy.cut();
    await closed;
    expect(await answerTo(await connected(), 'cut')).toBe('connection closed');
    proxy.restore();
    expect(await answerTo(await connected(), 'restored')).toBe('restored!');
  });

  it('may be closed twice', async () => {
    await connected();
    await proxy.close();
    await expect(proxy.close()).resolves.toBeUndefined();
  });
});
