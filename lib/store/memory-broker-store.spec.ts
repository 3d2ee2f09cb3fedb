import { Logger } from '@nestjs/common';
import { afterEach, expect, it, vi } from 'vitest';
import { MemoryBrokerStore } from './memory-broker-store.js';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it('a store in memory warns once that sessions end with the process, but not in tests', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  const store = new MemoryBrokerStore();
  vi.stubEnv('NODE_ENV', 'test');
  await store.setup();
  expect(warn).not.toHaveBeenCalled();

  vi.stubEnv('NODE_ENV', 'production');
  await store.setup();
  await store.setup();
  expect(warn.mock.calls).toEqual([[expect.stringContaining('they end with this process')]]);
});
