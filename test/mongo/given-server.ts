import type { mongo } from 'mongoose';
import { administerMongo } from '../fixtures/databases/mongo-administration.js';

const ADVICE =
  'MONGO_URL has to name one server, the only member of a replica set, where databases may be made and dropped: mongodb://host:27017/. Without it one is started.';

/**
 * Tests would say less clearly that the server they are given is not what they take it for, and each of them anew. The URL is
 * not repeated.
 */
export async function expectUsable(url: string): Promise<void> {
  if (!/^mongodb:\/\/[^/?,]+(\/|\?|$)/.test(url)) throw new Error(`MONGO_URL is of another form. ${ADVICE}`);
  const hello = await administerMongo(url, (client) => client.db().command({ hello: 1 })).catch(
    (error: unknown): mongo.Document => {
      throw new Error(`The MongoDB at MONGO_URL does not answer (${(error as Error).name}). ${ADVICE}`);
    },
  );
  if (hello['setName'] === undefined) throw new Error(`The MongoDB at MONGO_URL is no replica set. ${ADVICE}`);
  if (hello['hosts']?.length !== 1) throw new Error(`The MongoDB at MONGO_URL has other members. ${ADVICE}`);
}
