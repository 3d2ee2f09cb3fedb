import type { BrokerStore } from './broker-store.js';
import { MemoryBrokerStore } from './memory-broker-store.js';
import { storeMisconfigured } from './store-misconfigured.js';

type UrlStores = typeof import('./typeorm/url-stores.js');

/** Opens what a scheme stands for, and the packages this takes. */
interface Scheme {
  readonly packages: string;
  open(stores: UrlStores, url: URL): BrokerStore | Promise<BrokerStore>;
}

const postgres: Scheme = { packages: 'typeorm pg', open: ({ postgresStore }, url) => postgresStore(url) };
const mysql: Scheme = { packages: 'typeorm mysql2', open: ({ mysqlStore }, url) => mysqlStore(url) };
const sqlite: Scheme = { packages: 'typeorm libsql', open: ({ sqliteStore }, url) => sqliteStore(url) };

const SCHEMES: Readonly<Record<string, Scheme>> = {
  'sqlite:': sqlite,
  'postgres:': postgres,
  'postgresql:': postgres,
  'mysql:': mysql,
  'mariadb:': mysql,
};

const KNOWN = 'memory://, sqlite:///path, postgres://, mysql:// and mariadb://';

/**
 * Makes the store that a URL names; nothing is connected before its `setup()`. No error repeats the URL, which may hold a
 * password.
 *
 * @throws {@link OidcAuthError} `store_misconfigured` for another scheme, a URL that cannot be read, or where packages are
 *   missing, with the command that installs them
 */
export async function openBrokerStore(text: string): Promise<BrokerStore> {
  const url = parse(text);
  if (url.protocol === 'memory:') return new MemoryBrokerStore();
  if (url.protocol === 'mongodb:' || url.protocol === 'mongodb+srv:') {
    throw storeMisconfigured(`A broker store in MongoDB is not available yet: there are ${KNOWN}.`);
  }
  const scheme = Object.hasOwn(SCHEMES, url.protocol) ? SCHEMES[url.protocol] : undefined;
  if (scheme === undefined) throw storeMisconfigured(`The URL of the broker store is of another kind than ${KNOWN}.`);
  try {
    // Loaded only here: applications without a database have no TypeORM.
    return await scheme.open(await import('./typeorm/url-stores.js'), url);
  } catch (error) {
    if (!isMissingPackage(error)) throw error;
    throw storeMisconfigured(
      `A broker store at ${url.protocol}// needs packages that are not installed: npm install ${scheme.packages}`,
    );
  }
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // A password with "/", "?" or "#" in it ends the part that is read as such, and the rest would be shown in errors.
  if (url === undefined || /@/.test(url.pathname + url.search + url.hash)) {
    throw storeMisconfigured(
      `The URL of the broker store cannot be read. There are ${KNOWN}; special characters in a user name or password are percent-encoded.`,
    );
  }
  return url;
}

/** Of Node's loader, or of TypeORM about a driver. */
function isMissingPackage(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND' || name === 'DriverPackageNotInstalledError';
}
