import type { BrokerStore } from './broker-store.js';
import { MemoryBrokerStore } from './memory-broker-store.js';
import { storeMisconfigured } from './store-misconfigured.js';

/** What a scheme stands for, and the packages this takes. */
interface Scheme {
  readonly packages: string;
  open(url: string): Promise<BrokerStore>;
}

// Loaded only here: applications without a database have neither TypeORM nor Mongoose.
const typeorm = () => import('./typeorm/url-stores.js');
const mongoose = () => import('./mongoose/url-stores.js');

const postgres: Scheme = {
  packages: 'typeorm pg',
  open: async (url) => (await typeorm()).postgresStore(parsed(url)),
};
const mysql: Scheme = {
  packages: 'typeorm mysql2',
  open: async (url) => (await typeorm()).mysqlStore(parsed(url)),
};
const sqlite: Scheme = {
  packages: 'typeorm libsql',
  open: async (url) => (await typeorm()).sqliteStore(parsed(url), url),
};
const mongodb: Scheme = {
  packages: 'mongoose',
  // Names any number of hosts, so it is not what `URL` can read.
  open: async (url) => (await mongoose()).mongodbStore(url),
};
const memory: Scheme = {
  packages: '',
  open: async () => new MemoryBrokerStore(),
};

const SCHEMES: Readonly<Record<string, Scheme>> = {
  'memory:': memory,
  'sqlite:': sqlite,
  'postgres:': postgres,
  'postgresql:': postgres,
  'mysql:': mysql,
  'mariadb:': mysql,
  'mongodb:': mongodb,
  'mongodb+srv:': mongodb,
};

const KNOWN = 'memory://, sqlite:///path, postgres://, mysql://, mariadb://, mongodb:// and mongodb+srv://';

/**
 * Makes the store that a URL names; nothing is connected before its `setup()`. No error repeats the URL, which may hold a
 * password.
 *
 * @throws {@link OidcAuthError} `store_misconfigured` for another scheme, a URL that cannot be read, or where packages are
 *   missing, with the command that installs them
 */
export async function openBrokerStore(text: string): Promise<BrokerStore> {
  const protocol = protocolOf(text);
  const scheme = Object.hasOwn(SCHEMES, protocol) ? SCHEMES[protocol] : undefined;
  if (scheme === undefined) throw storeMisconfigured(`The URL of the broker store must begin with one of ${KNOWN}.`);
  try {
    return await scheme.open(protocol + text.slice(protocol.length));
  } catch (error) {
    if (!isMissingPackage(error)) throw error;
    throw storeMisconfigured(
      `A broker store at ${protocol}// needs packages that are not installed: npm install ${scheme.packages}`,
    );
  }
}

function protocolOf(url: string): string {
  const [protocol] = /^[a-z][a-z0-9+.-]*:/i.exec(url) ?? [];
  // A password with "/", "?" or "#" in it ends the part that is read as such, and the rest would be shown in errors.
  const [, rest] = /^[^:]+:(?:\/\/[^/?#]*)?(.*)$/s.exec(url) ?? [];
  if (protocol === undefined || rest!.includes('@')) throw unreadable();
  return protocol.toLowerCase();
}

function parsed(url: string): URL {
  if (!URL.canParse(url)) throw unreadable();
  return new URL(url);
}

function unreadable(): Error {
  return storeMisconfigured(
    `The URL of the broker store cannot be read. Known forms: ${KNOWN}; special characters in a user name or password are percent-encoded.`,
  );
}

/** Of Node's loader, or of TypeORM about a driver. */
function isMissingPackage(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND' || name === 'DriverPackageNotInstalledError';
}
