import { mongo, Mongoose } from 'mongoose';
import type { BrokerStore } from '../broker-store.js';
import { storeMisconfigured } from '../store-misconfigured.js';
import { STATEMENT_LIMIT } from '../time-limit.js';
import { MongooseBrokerStore } from './mongoose-broker-store.js';

/** Who sets up a store is told what is wrong with the connection, not only that it took too long. */
const CONNECTION_OPTIONS = {
  serverSelectionTimeoutMS: STATEMENT_LIMIT - 500,
  connectTimeoutMS: STATEMENT_LIMIT - 500,
};

/** @throws {@link OidcAuthError} `store_misconfigured` for a URL that the driver cannot read, or that names no database */
export function mongodbStore(url: string): BrokerStore {
  // Without one the driver would take "test", which every application has that names none.
  if (!/^[^:]+:\/\/[^/?]+\/[^/?]+/.test(url)) {
    throw storeMisconfigured('The URL of the broker store names no database: mongodb://host/database.');
  }
  try {
    // Connects to nothing.
    new mongo.MongoClient(url, CONNECTION_OPTIONS).db();
  } catch (error) {
    throw storeMisconfigured(`The URL of the broker store cannot be read: ${reasonOf(error, url)}.`);
  }
  // Not the one that applications import: nothing of theirs applies to this connection, and they do not see it.
  const connection = new Mongoose().createConnection();
  return new MongooseBrokerStore(connection, { dedicated: true }, () => connection.openUri(url, CONNECTION_OPTIONS));
}

/** In the driver's words, unless they hold something that may be a password, at whichever place it stands. */
function reasonOf(error: unknown, url: string): string {
  const { message } = error as Error;
  const secrets = /^[^:]+:\/\/([^/?]*)/
    .exec(url)![1]!
    .split(/[:@,]/)
    .flatMap((part) => [part, decoded(part)]);
  for (const [name, value] of new URLSearchParams(url.split('?')[1])) {
    if (/pass|properties|key/i.test(name)) secrets.push(value);
  }
  // One or two characters are in every text.
  return secrets.some((secret) => secret.length > 2 && message.includes(secret))
    ? 'its hosts, user, password or parameters are not as they have to be; special characters are percent-encoded'
    : message;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
