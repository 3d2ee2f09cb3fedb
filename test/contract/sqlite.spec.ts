import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import { describeBrokerStore } from './broker-store-contract.js';
import { urlSubject } from './url-subject.js';

const freshFile = async () => `sqlite://${await mkdtemp(join(tmpdir(), 'store-'))}/store.sqlite`;

const removeFolder = (url: string) =>
  rm(dirname(fileURLToPath(url.replace('sqlite:', 'file:'))), { recursive: true, force: true });

describeBrokerStore(
  'TypeOrmBrokerStore on SQLite',
  { ...urlSubject(freshFile, { network: false }), destroy: removeFolder },
  { describe, it, beforeAll, afterAll, beforeEach, afterEach },
);
