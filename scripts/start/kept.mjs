import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const cache = fileURLToPath(new URL('../../.cache', import.meta.url));

/** What a sample must find again when it is restarted lies in this clone, and is gone with it. */
export function keptFolder(name) {
  const folder = resolve(process.env.DATA_FOLDER || join(cache, name));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A key that is made up once: what was sealed with it can be opened after a restart. */
export function keptKey(folder) {
  const file = join(folder, 'encryption-key');
  try {
    writeFileSync(file, randomBytes(32).toString('base64url'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8');
}

/**
 * An SQLite file for each client of each identity provider, where the same `sub` may be somebody else, and for each address of
 * the application, which is its name as an issuer.
 */
export function keptDatabase(folder, ...client) {
  const name = createHash('sha256').update(client.join('\n')).digest('hex').slice(0, 16);
  const file = join(folder, `${name}.sqlite`);
  return { file, url: pathToFileURL(file).href.replace(/^file:/, 'sqlite:') };
}
