import { createServer } from 'node:http';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { startTestIdp, type TestIdp, type TestIdpOptions } from '../../lib/testing/test-idp/index.js';
import { anyFreePort } from '../../scripts/start/ports.mjs';
import { Wire } from './wire.js';

const running: TestIdp[] = [];
afterEach(async () => {
  for (const idp of running.splice(0)) await idp.close();
});

async function start(options: TestIdpOptions): Promise<TestIdp> {
  const idp = await startTestIdp({ signingAlgorithm: 'ES256', ...options });
  running.push(idp);
  return idp;
}

const issuerIn = async (idp: TestIdp) => {
  const metadata = (await (await fetch(idp.discoveryUrl)).json()) as Record<string, string>;
  return metadata['issuer'];
};

describe('a test identity provider', () => {
  it('is at 127.0.0.1 and a port of its own where nobody says otherwise', async () => {
    const [one, other] = [await start({}), await start({ port: undefined, host: undefined })];
    expect(one.issuer).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(other.issuer).not.toBe(one.issuer);
  });

  it('is at the port it is given, and there again after down() and up()', async () => {
    const port = await anyFreePort();
    const idp = await start({ port });
    expect(await issuerIn(idp)).toBe(`http://127.0.0.1:${port}`);
    await idp.down();
    await idp.up();
    expect(await new Wire(idp).signIn()).toMatchObject({ expires_in: 300 });
  });

  it('says so where its port is in use, and another takes no harm', async () => {
    const idp = await start({});
    const port = Number(new URL(idp.issuer).port);
    await expect(startTestIdp({ signingAlgorithm: 'ES256', port })).rejects.toThrow(
      `cannot listen: port ${port} is in use on 127.0.0.1. End what has it, or leave the option port out`,
    );
    expect(await issuerIn(idp)).toBe(idp.issuer);
  });

  it('says so at up() where somebody else has taken its port, and comes back when it is free', async () => {
    const idp = await start({});
    await idp.down();
    const other = createServer().listen(Number(new URL(idp.issuer).port), '127.0.0.1');
    await once(other, 'listening');
    await expect(idp.up()).rejects.toThrow('is in use on 127.0.0.1');
    other.close();
    await once(other, 'close');
    await idp.up();
    expect(await issuerIn(idp)).toBe(idp.issuer);
  });

  it('has its issuer at the host it is given', async () => {
    const idp = await start({ host: 'localhost' });
    expect(idp.issuer).toMatch(/^http:\/\/localhost:\d+$/);
    expect(await issuerIn(idp)).toBe(idp.issuer);
  });

  const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  it.runIf(hasIPv6)('has its issuer at an IPv6 address, too', async () => {
    const idp = await start({ host: '::1' });
    expect(idp.issuer).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect(await issuerIn(idp)).toBe(idp.issuer);
  });

  it.each([
    [{ port: '8080' }, 'port must be a whole number from 0 to 65535, not "8080"'],
    [{ port: 65_536 }, 'port must be'],
    [{ port: -1 }, 'port must be'],
    [{ port: 80.5 }, 'port must be'],
    [{ host: 'http://localhost' }, 'host must be a name or an address of this machine'],
    [{ host: 'localhost:8080' }, 'host must be'],
    [{ host: 'a/b' }, 'host must be'],
    [{ host: '' }, 'host must be'],
    [{ host: 5 }, 'host must be'],
    [{ host: '0.0.0.0' }, 'stands for every address, but an issuer has one'],
    [{ host: '::' }, 'whoever reaches it can sign in as anybody'],
    [{ hostname: 'localhost' }, 'Unknown option "hostname"'],
    // RFC 5737: nobody's address.
    [{ host: '192.0.2.1' }, 'The option host must be a name or an address of this machine'],
  ])('is not started at %o', async (options, hint) => {
    await expect(startTestIdp({ signingAlgorithm: 'ES256', ...(options as object) })).rejects.toThrow(hint);
  });
});
