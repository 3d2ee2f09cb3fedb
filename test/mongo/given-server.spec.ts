import { describe, expect, it, onTestFinished } from 'vitest';
import { mongoStandaloneUrl, mongoUrl, startReplicaSet } from '../fixtures/databases/index.js';
import { expectUsable } from './given-server.js';

describe('the server at MONGO_URL', () => {
  it('is used where it is the only member of a replica set', async () => {
    await expectUsable(await mongoUrl());
  });

  it.each([
    ['of another scheme', 'postgres://me:hunter2@127.0.0.1:1/', 'is of another form'],
    ['with several hosts', 'mongodb://me:hunter2@127.0.0.1:1,127.0.0.1:2/', 'is of another form'],
    ['where nobody listens', 'mongodb://me:hunter2@127.0.0.1:1/', 'does not answer'],
  ])('is refused once, without being repeated: %s', async (_, url, reason) => {
    const error: unknown = await expectUsable(url).catch((error: unknown) => error);
    expect(String(error)).toMatch(`MONGO_URL ${reason}`);
    expect(String(error)).toContain('MONGO_URL has to name one server');
    expect(String(error)).not.toMatch(/hunter2|127\.0/);
  });

  it('is refused where it is on its own, or has other members', async () => {
    await expect(expectUsable(await mongoStandaloneUrl())).rejects.toThrow('MONGO_URL is no replica set');
    const set = await startReplicaSet(3);
    onTestFinished(() => set.remove());
    const { url } = await set.primary();
    await expect(expectUsable(`${url}?directConnection=true`)).rejects.toThrow('MONGO_URL has other members');
  });
});
