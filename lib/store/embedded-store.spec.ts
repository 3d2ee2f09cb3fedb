import { homedir } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { embeddedStoreUrl } from './embedded-store.js';

const discovery = 'https://idp.example.org/.well-known/openid-configuration';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('the embedded store', () => {
  it('is a file in the user’s data folder, named by provider and client', () => {
    vi.stubEnv('XDG_DATA_HOME', '/data/of me');
    expect(embeddedStoreUrl('my-app', discovery, 'client')).toMatch(
      /^sqlite:\/\/\/data\/of%20me\/my-app\/[0-9a-f]{32}\.sqlite$/,
    );
  });

  it('is another for another client, provider or application', () => {
    const urls = [
      embeddedStoreUrl('app', discovery, 'client'),
      embeddedStoreUrl('app', discovery, 'other'),
      embeddedStoreUrl('app', `${discovery}c`, 'lient'),
      embeddedStoreUrl('other', discovery, 'client'),
    ];
    expect(new Set(urls).size).toBe(4);
    expect(embeddedStoreUrl('app', discovery, 'client')).toBe(urls[0]);
  });

  it.each([
    ['linux', '.local/share'],
    ['darwin', 'Library/Application%20Support'],
  ] as const)('is on %s in ~/%s', (platform, folder) => {
    vi.stubEnv('XDG_DATA_HOME', '');
    vi.spyOn(process, 'platform', 'get').mockReturnValue(platform);
    expect(embeddedStoreUrl('app', discovery, 'client')).toContain(`sqlite://${homedir()}/${folder}/app/`);
  });
});
