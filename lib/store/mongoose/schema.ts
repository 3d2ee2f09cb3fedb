import type { mongo } from 'mongoose';
import type { OidcAuthError } from '../../errors/oidc-auth-error.js';
import { expectSchemaVersion } from '../schema-version.js';
import { storeMisconfigured } from '../store-misconfigured.js';
import type { Database } from './database.js';
import { dropCommand, INDEXES, inTheWayOf, isPresent } from './indexes.js';

/** Counts the changes of documents and indexes that an older version of this library could not work with. */
const SCHEMA_VERSION = 1;
/** Where it is recorded: under a kind that records do not have. */
const SCHEMA_ID = 'schema:version';
/** ms for an index to be made, where other processes may be doing the same. */
const INDEX_LIMIT = 30_000;

/**
 * Makes collection and indexes, unless they are there, and records their version.
 *
 * @throws {@link OidcAuthError} `store_misconfigured` where they are not as they have to be, and cannot be made so
 */
export async function ensureSchema(database: Database, mayCreate: boolean): Promise<void> {
  try {
    await refuseOthers(database);
    await ensureIndexes(database, mayCreate);
    await recordVersion(database);
  } catch (error) {
    throw explained(error, database.collectionName);
  }
}

/** Before anything is made in it. */
async function refuseOthers(database: Database): Promise<void> {
  const version = await recordedVersion(database);
  if (version !== undefined) return expectOurs(version, database);
  const other = await database.execute((collection, options) =>
    collection.findOne({}, { ...options, projection: { _id: 1 } }),
  );
  // Somebody may have set it up just now: nobody inserts a record before that.
  if (other === null || (await recordedVersion(database)) !== undefined) return;
  throw storeMisconfigured(
    `The collection ${database.collectionName} holds documents of somebody else: give the store a collection of its own by another collectionPrefix.`,
  );
}

async function recordedVersion(database: Database): Promise<number | undefined> {
  const found = await database.execute((collection, options) => collection.findOne({ _id: SCHEMA_ID }, options));
  return found?.version;
}

async function ensureIndexes(database: Database, mayCreate: boolean): Promise<void> {
  const present = await presentIndexes(database);
  // What the collection has as its default, that of `_id` has as well.
  if (present.some(({ name, collation }) => name === '_id_' && collation !== undefined)) {
    throw storeMisconfigured(
      `The collection ${database.collectionName} has a collation, by which ids might be equal that are not: drop the collection, with all sessions in it, and the store makes one without.`,
    );
  }
  const foreign = present.find(
    ({ name, unique, prepareUnique }) => (unique === true || prepareUnique === true) && name !== '_id_',
  );
  if (foreign !== undefined) {
    throw storeMisconfigured(
      `The collection ${database.collectionName} has the unique index ${foreign['name']}, which would refuse records; remove it: ${dropCommand(database.collectionName, foreign)}`,
    );
  }
  const missing = INDEXES.filter((index) => !isPresent(index, present));
  if (missing.length > 0 && !mayCreate) {
    throw storeMisconfigured(
      `The collection ${database.collectionName} has no index ${missing.map(({ name }) => name).join(', ')} as the store needs it, and createIndexes is false. ${BY_SOMEBODY_ELSE}`,
    );
  }
  for (const index of missing) await makeIndex(database, index);
}

async function makeIndex(database: Database, index: (typeof INDEXES)[number]): Promise<void> {
  try {
    // Otherwise it waits for all members, also for one that is down.
    const quorum = (await database.canBeDeposed()) ? { commitQuorum: 'majority' } : {};
    await database.execute(
      (collection, { signal }) => collection.createIndexes([index], { ...quorum, signal } as object),
      INDEX_LIMIT,
    );
  } catch (error) {
    if (!/^Index(OptionsConflict|KeySpecsConflict)$/.test(codeOf(error))) throw error;
    const others = inTheWayOf(index, await presentIndexes(database));
    const commands = others.map((other) => dropCommand(database.collectionName, other)).join('; ');
    throw storeMisconfigured(
      `The collection ${database.collectionName} has the index ${others.map(({ name }) => name).join(', ')} with other fields or options than the store needs: ${commands}, and the store makes it anew.`,
      error,
    );
  }
}

async function presentIndexes(database: Database): Promise<readonly mongo.Document[]> {
  try {
    return await database.execute((collection, options) => collection.listIndexes(options).toArray());
  } catch (error) {
    if (codeOf(error) === 'NamespaceNotFound') return [];
    throw error;
  }
}

/** Also where it is there already: who may not write should be told before he signs users in. */
async function recordVersion(database: Database): Promise<void> {
  const fields = { version: SCHEMA_VERSION, payload: '', expiresAt: Number.MAX_SAFE_INTEGER };
  const recorded = await database.execute((collection, options) =>
    collection.findOneAndUpdate(
      { _id: SCHEMA_ID },
      { $setOnInsert: fields },
      { ...options, upsert: true, returnDocument: 'after' },
    ),
  );
  expectOurs(recorded?.version, database);
}

function expectOurs(version: number | undefined, { collectionName }: Database): void {
  expectSchemaVersion(`The collection ${collectionName}`, version, SCHEMA_VERSION);
}

const BY_SOMEBODY_ELSE =
  'Have the commands that MongooseBrokerStore.setupScript() returns run in mongosh by a user who may create indexes.';

/** What the operator can mend. */
function explained(error: unknown, collectionName: string): unknown {
  switch (codeOf(error)) {
    case 'Unauthorized':
    case 'AtlasError':
      return rightsMissing(error, collectionName);
    case 'DocumentValidationFailure':
    case 'CannotCreateIndex':
    case 'InvalidOptions':
      return storeMisconfigured(
        `The collection ${collectionName} is not one that the store can use (${(error as Error).message}): give it a collection of its own by another collectionPrefix, or drop this one.`,
        error,
      );
    case 'CommandNotSupportedOnView':
      return storeMisconfigured(`${collectionName} is a view: the store needs a collection of its own.`, error);
    case 'InvalidNamespace':
      return storeMisconfigured(`The database has a name that MongoDB does not take (${messageOf(error)}).`, error);
    case 'NotWritablePrimary':
      (error as Error).message += ' (with directConnection=true no other server is looked for: leave it out)';
      return error;
    default:
      return error;
  }
}

function rightsMissing(error: unknown, collectionName: string): OidcAuthError {
  return storeMisconfigured(
    `The user of the connection may not use the collection ${collectionName} as the store does (${messageOf(error)}): it needs find, insert, update, remove, listIndexes and createIndex, as with the role readWrite. ${BY_SOMEBODY_ELSE} After that, createIndex is not needed.`,
    error,
  );
}

function messageOf(error: unknown): string {
  return (error as Error).message;
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
