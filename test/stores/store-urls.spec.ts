import { readdir } from 'node:fs/promises';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MemoryBrokerStore } from '../../lib/index.js';
import { openBrokerStore } from '../../lib/store/store-from-url.js';
import { TypeOrmBrokerStore } from '../../lib/store/typeorm/index.js';
import { messageOf, startProgram } from '../fixtures/stores/processes.js';
import { closing, freshFolder, living } from '../fixtures/stores/stores.js';

const errorOf = (url: string) =>
  openBrokerStore(url).then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the URL of a broker store', () => {
  it('memory:// is a store of this process', async () => {
    expect(await openBrokerStore('memory://')).toBeInstanceOf(MemoryBrokerStore);
  });

  it.each(['postgres', 'postgresql', 'mysql', 'mariadb'])(
    '%s:// is one on a server, not connected yet',
    async (scheme) => {
      expect(await openBrokerStore(`${scheme}://user:pw@127.0.0.1:1/db`)).toBeInstanceOf(TypeOrmBrokerStore);
    },
  );

  it.each([
    ['of an absolute path', (folder: string) => `sqlite://${folder}/store.sqlite`],
    ['with encoded characters', (folder: string) => `sqlite://${folder}/my%20store%3F.sqlite`],
    ['of a relative path', (folder: string) => `sqlite://./${relativeTo(folder)}/store.sqlite`],
  ])('sqlite:// %s is a file', async (_, urlIn) => {
    const folder = await freshFolder();
    const url = urlIn(folder);
    const store = closing(await openBrokerStore(url));
    await store.setup();
    expect((await readdir(folder)).filter((name) => name.endsWith('.sqlite'))).toHaveLength(1);
    await store.insert('key', 'id', await living(store));
    const again = closing(await openBrokerStore(url));
    await again.setup();
    expect(await again.find('key', 'id')).not.toBeNull();
  });

  it.each(['sqlite://', 'sqlite:///', 'sqlite://host/file', 'sqlite:///file?mode=ro', 'sqlite://:memory:'])(
    '%s is none',
    async (url) => {
      expect(await errorOf(url)).toMatchObject({ code: 'store_misconfigured' });
    },
  );

  it.each([
    'redis://u:hunter2@host/0',
    'localhost/hunter2',
    'postgres://u:hunter2/x@host/db',
    'postgres://u:12#hunter2@host/db',
    'mysql://u:1?hunter2@host/db',
    'postgres://u:hunter2@host:port/db',
    '',
  ])('%j is refused with what there is, and never repeated', async (url) => {
    const error = await errorOf(url);
    expect(error).toMatchObject({
      code: 'store_misconfigured',
      message: expect.stringContaining(
        'memory://, sqlite:///path, postgres://, mysql://, mariadb://, mongodb:// and mongodb+srv://',
      ),
    });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
  });

  it('stays out of the errors of a database that cannot be reached', async () => {
    for (const scheme of ['postgres', 'mysql']) {
      const store = closing(await openBrokerStore(`${scheme}://user:hunter2@127.0.0.1:1/db`));
      const error: unknown = await store.setup().catch((error: unknown) => error);
      expect(error).toMatchObject({ code: 'ECONNREFUSED' });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
    }
  });

  it.each([
    ['typeorm', 'postgres://host/db', 'npm install typeorm pg'],
    ['pg', 'postgres://host/db', 'npm install typeorm pg'],
    ['mysql2', 'mariadb://host/db', 'npm install typeorm mysql2'],
    ['libsql', 'sqlite:///tmp/store.sqlite', 'npm install typeorm libsql'],
    ['mongoose', 'mongodb://u:hunter2@host/db', 'npm install mongoose'],
    ['mongoose', 'mongodb+srv://host/db', 'npm install mongoose'],
  ])(
    'without the package %s says how to install what %s needs',
    async (absent, url, command) => {
      const said = (await messageOf(startProgram('without-package.ts', absent, url))) as {
        code: string;
        message: string;
      };
      expect(said).toMatchObject({ code: 'store_misconfigured', message: expect.stringMatching(`${command}$`) });
    },
    60_000,
  );
});

function relativeTo(folder: string): string {
  return `${'../'.repeat(process.cwd().split('/').length)}${folder.slice(1)}`;
}
