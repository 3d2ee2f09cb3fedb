import { mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataSource } from 'typeorm';
import { plainCause } from '../../errors/plain-cause.js';
import { storeMisconfigured } from '../store-misconfigured.js';

/** A further connection to the file of the application's DataSource. */
export function reopened({ options }: DataSource): DataSource {
  if (options.type !== 'better-sqlite3') throw new TypeError(`${options.type} is not embedded`);
  const { database, driver, key, nativeBinding } = options;
  if (database === '' || database.includes(':memory:') || database.includes('mode=memory')) {
    throw storeMisconfigured(
      'TypeOrmBrokerStore opens the file of an SQLite DataSource on a connection of its own, and a database in memory cannot be opened twice: use a file, or MemoryBrokerStore.',
    );
  }
  return new DataSource({
    type: 'better-sqlite3',
    database,
    ...(driver === undefined ? {} : { driver }),
    ...(key === undefined ? {} : { key }),
    ...(nativeBinding === undefined ? {} : { nativeBinding }),
  });
}

/** The file that `sqlite:///absolute/path` or `sqlite://./relative/path` names. `URL` takes the steps upwards out of a path. */
export function pathOf({ hostname, pathname, search, hash }: URL, text: string): string {
  const isRelative = hostname === '.' || hostname === '..';
  if (search !== '' || hash !== '' || pathname.length < 2 || (hostname !== '' && !isRelative)) {
    throw storeMisconfigured('The URL of an SQLite store is sqlite:///absolute/path or sqlite://./relative/path.');
  }
  return isRelative ? resolve(decodeURIComponent(text.slice('sqlite://'.length))) : fileURLToPath(`file://${pathname}`);
}

/** The package that reads SQLite files: `libsql`, or `better-sqlite3` where that is installed. */
export async function sqliteDriver(): Promise<unknown> {
  try {
    return ((await import('libsql')) as { default: unknown }).default;
  } catch (missing) {
    const name: string = 'better-sqlite3';
    const { default: driver } = (await import(name).catch(() => {
      throw missing;
    })) as { default: unknown };
    return driver;
  }
}

/** Whoever can read the file knows who is signed in: it and folders made for it are its user's alone. */
export async function createPrivateFile(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await (await open(path, 'a', 0o600)).close();
  } catch (error) {
    const cause = plainCause(error);
    throw storeMisconfigured(`The file of the SQLite store cannot be opened: ${cause.message}`, cause);
  }
}
