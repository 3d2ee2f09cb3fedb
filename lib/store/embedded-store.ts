import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The store of an application that names none: an SQLite file in the user's data folder. Applications and clients of the
 * same user do not meet in it.
 */
export function embeddedStoreUrl(appName: string, discoveryUrl: string, clientId: string): string {
  const name = createHash('sha256').update(`${discoveryUrl}\0${clientId}`).digest('hex').slice(0, 32);
  const file = join(userDataFolder(), appName, `${name}.sqlite`);
  return pathToFileURL(file).href.replace(/^file:/, 'sqlite:');
}

function userDataFolder(): string {
  const { XDG_DATA_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === 'win32') return LOCALAPPDATA || join(homedir(), 'AppData', 'Local');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support');
  return XDG_DATA_HOME || join(homedir(), '.local', 'share');
}
