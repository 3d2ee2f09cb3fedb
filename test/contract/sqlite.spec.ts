import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeBrokerStore } from '../../lib/testing/index.js';
import { byUrl } from '../fixtures/stores/contract-options.js';
import { open } from '../fixtures/stores/open-by-url.js';

const freshFile = async () => `sqlite://${await mkdtemp(join(tmpdir(), 'store-'))}/store.sqlite`;

const removeFolder = (url: string) =>
  rm(dirname(fileURLToPath(url.replace('sqlite:', 'file:'))), { recursive: true, force: true });

describeBrokerStore('TypeOrmBrokerStore on SQLite', open, { ...byUrl(freshFile), destroy: removeFolder });
