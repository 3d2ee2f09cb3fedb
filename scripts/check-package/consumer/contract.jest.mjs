// With the globals of jest, in whose sandbox what comes from other processes is of another realm.
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeBrokerStore } from 'nestjs-oidc-auth/testing';
import { open } from './open-store.mjs';

describeBrokerStore('a store', open, {
  process: { module: new URL('./open-store.mjs', import.meta.url) },
  destroy: async (place) => {
    for (const end of ['', '-shm', '-wal']) await rm(join(tmpdir(), `${place}.sqlite${end}`), { force: true });
  },
});
