import { describeBrokerStore } from '../../lib/testing/index.js';
import { postgresSchemaUrl, postgresUrl } from '../fixtures/databases/index.js';
import { byServerUrl } from '../fixtures/stores/contract-options.js';
import { open } from '../fixtures/stores/open-by-url.js';

let database: Promise<string> | undefined;

async function freshSchema(): Promise<string> {
  database ??= postgresUrl();
  return postgresSchemaUrl(await database);
}

describeBrokerStore('TypeOrmBrokerStore on PostgreSQL', open, byServerUrl(freshSchema));
