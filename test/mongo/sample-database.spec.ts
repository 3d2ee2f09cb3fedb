import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { installMongod } from '../../scripts/mongodb/install.mjs';
import { administerMongo } from '../fixtures/databases/index.js';
import { anyFreePort } from '../../scripts/start/ports.mjs';

it('the MongoDB of the sample outlives its clients, as a refresh may still have to be written at Ctrl-C', async () => {
  const data = await mkdtemp(join(tmpdir(), 'sample-database-'));
  const server = fork(fileURLToPath(new URL('../../sample/03-mongoose/mongodb.mjs', import.meta.url)), {
    env: { MONGOD: await installMongod(console.log), MONGO_DATA: join(data, 'new'), PORT: String(await anyFreePort()) },
  });
  const ended = once(server, 'exit');
  onTestFinished(async () => {
    server.kill();
    await ended;
    await rm(data, { recursive: true });
  });
  const [url] = (await once(server, 'message')) as [string];

  await administerMongo(url, async (client) => {
    const collection = client.db().collection<{ _id: number }>('written');
    await collection.insertOne({ _id: 0 });
    server.kill();
    // A server that ends at once refuses the next few already.
    for (let _id = 1; _id < 200; _id++) await collection.insertOne({ _id });
    expect(await collection.countDocuments()).toBe(200);
  });
  expect(await ended).toEqual([0, null]);
});
