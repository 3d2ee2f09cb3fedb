const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/** The store is one for the main entry, too: both share their classes. */
exports.keepARecord = async ({ DataSource }, { BrokerStore }, { TypeOrmBrokerStore }, driver) => {
  const folder = mkdtempSync(join(tmpdir(), 'check-package-'));
  const dataSource = new DataSource({ type: 'better-sqlite3', driver, database: join(folder, 'app.sqlite') });
  const store = new TypeOrmBrokerStore(dataSource);
  if (!(store instanceof BrokerStore)) throw new Error('not a BrokerStore');
  await store.setup();
  const record = { version: 1, payload: '', expiresAt: (await store.now()) + 60_000 };
  if (!(await store.insert('key', 'id', record))) throw new Error('not inserted');
  await store.close();
  rmSync(folder, { recursive: true });
};
