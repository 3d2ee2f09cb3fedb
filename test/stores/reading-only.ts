/** Uses a store as a user who may read its file and not write it: `reading-only.ts <file>`. */
import libsql from 'libsql';
import { DataSource } from 'typeorm';
import { openBrokerStore } from '../../lib/store/store-from-url.js';
import { TypeOrmBrokerStore } from '../../lib/store/typeorm/index.js';

const file = process.argv[2]!;
// Root may write everything.
if (process.getuid!() === 0) process.seteuid!(65_534);

const textOf = (error: unknown) => (error as Error).message;
const dataSource = new DataSource({ type: 'better-sqlite3', driver: libsql, database: file });
const store = new TypeOrmBrokerStore(dataSource, { dedicated: true });
const setup = await store.setup().then(() => 'done', textOf);
const find = await store.find('grant', 'id').then((record) => record?.version, textOf);
const insert = await store.insert('grant', 'other', { version: 1, payload: '', expiresAt: 0 }).catch(textOf);
await store.close();
const openByUrl = await openBrokerStore(`sqlite://${file}`).then(() => 'opened', textOf);
process.send!({ setup, find, insert, openByUrl });
process.disconnect();
