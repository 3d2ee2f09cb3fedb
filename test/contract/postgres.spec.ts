import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import { postgresSchemaUrl, postgresUrl } from '../fixtures/databases/index.js';
import { describeBrokerStore } from './broker-store-contract.js';
import { urlSubject } from './url-subject.js';

let database: Promise<string> | undefined;

async function freshSchema(): Promise<string> {
  database ??= postgresUrl();
  return postgresSchemaUrl(await database);
}

describeBrokerStore('TypeOrmBrokerStore on PostgreSQL', urlSubject(freshSchema, { network: true }), {
  describe,
  it,
  beforeAll,
  afterAll,
  beforeEach,
  afterEach,
});
