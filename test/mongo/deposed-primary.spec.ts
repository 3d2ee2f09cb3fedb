import type { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BrokerRecord, BrokerStore } from '../../lib/index.js';
import { openBrokerStore } from '../../lib/store/store-from-url.js';
import { administerMongo, startReplicaSet, withMongoDatabase, type ReplicaSet } from '../fixtures/databases/index.js';

let set: ReplicaSet;
/** Has its writes acknowledged by the primary that was elected. */
let current: BrokerStore;
/** Asks the one that was primary before. */
let late: BrokerStore;
let record: BrokerRecord;

beforeAll(async () => {
  set = await startReplicaSet(3, '--setParameter=enableTestCommands=1');
  const old = await set.primary();
  late = await openBrokerStore(withMongoDatabase(`${old.url}?directConnection=true`, 'records'));
  await late.setup();
  record = { version: 1, payload: 'sealed', expiresAt: (await late.now()) + 3_600_000, subject: 's' };
  await late.insert('grant', 'replaced', record);
  await late.insert('grant', 'removed', record);

  const elected = await depose(old.url);
  current = await openBrokerStore(withMongoDatabase(`${elected}?directConnection=true`, 'records'));
  await current.setup();
  await current.replace('grant', 'replaced', 1, { ...record, version: 2 });
  await current.remove('grant', 'removed');
  await current.insert('grant', 'added', record);
}, 120_000);
afterAll(async () => {
  await Promise.all([current.close(), late.close()]);
  await set.remove();
});

function command(url: string, what: mongo.Document): Promise<mongo.Document> {
  return administerMongo(`${url}?directConnection=true`, (client) => client.db('admin').command(what));
}

/** A member may take half a minute until it has found another one to copy from. */
const inTheEnd = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 50_000, interval: 20 });

/**
 * Has another member elected without the primary hearing of it: for as long as a test takes, where it is some ms in
 * ordinary life. @returns URL of the one that was elected
 */
async function depose(old: string): Promise<string> {
  const { config } = await command(old, { replSetGetConfig: 1 });
  config.version++;
  // Whoever hears of nobody would step down by itself after that.
  config.settings.electionTimeoutMillis = 60_000;
  await command(old, { replSetReconfig: config });
  const hosts = (config.members as readonly { host: string }[]).map(({ host }) => host);
  const [candidate, voter] = hosts.filter((host) => !old.includes(host)) as [string, string];
  const urlOf = (host: string) => `mongodb://${host}/`;
  // Who copies from the old one would tell it.
  await inTheEnd(async () => {
    await command(urlOf(voter), { replSetSyncFrom: candidate });
    await set.whole();
    expect(await command(urlOf(voter), { replSetGetStatus: 1 })).toMatchObject({ syncSourceHost: candidate });
  });
  await command(old, {
    configureFailPoint: 'networkInterfaceDiscardCommandsBeforeAcquireConn',
    mode: 'alwaysOn',
  });
  await command(old, {
    configureFailPoint: 'failCommand',
    mode: 'alwaysOn',
    data: {
      failCommands: ['replSetHeartbeat', 'replSetRequestVotes', 'replSetUpdatePosition', 'getMore'],
      failInternalCommands: true,
      closeConnection: true,
    },
  });
  // Not once more after it was told to: it would begin another election.
  await inTheEnd(async () => void (await command(urlOf(candidate), { replSetStepUp: 1 })));
  await inTheEnd(async () => {
    expect(await command(urlOf(candidate), { hello: 1 })).toMatchObject({ isWritablePrimary: true });
  });
  return urlOf(candidate);
}

describe('a primary in whose place another was elected, and which does not know yet', () => {
  it('is not believed: neither what it has nor that there is nothing', async () => {
    const calls = {
      'find what was replaced': late.find('grant', 'replaced'),
      'find what was removed': late.find('grant', 'removed'),
      'find what was added': late.find('grant', 'added'),
      'list it all': late.list('grant', {}, { limit: 10 }),
      'insert what was removed': late.insert('grant', 'removed', record),
      'replace the new version': late.replace('grant', 'replaced', 2, { ...record, version: 3 }),
      'remove what was added': late.remove('grant', 'added'),
      'remove all of nobody': late.removeAll('grant', { subject: 'nobody' }),
      'replace the old version': late.replace('grant', 'replaced', 1, { ...record, version: 9 }),
      'insert another': late.insert('grant', 'another', record),
    };
    const outcomes = await Promise.all(
      Object.entries(calls).map(async ([name, call]) =>
        call.then(
          (answer) => `${name}: ${JSON.stringify(answer)}`,
          () => `${name}: rejected`,
        ),
      ),
    );
    expect(outcomes).toEqual(Object.keys(calls).map((name) => `${name}: rejected`));
  });
});
