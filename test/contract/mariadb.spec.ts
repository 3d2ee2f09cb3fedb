import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import { mariadbUrl } from '../fixtures/databases/index.js';
import { describeBrokerStore } from './broker-store-contract.js';
import { urlSubject } from './url-subject.js';

describeBrokerStore('TypeOrmBrokerStore on MariaDB', urlSubject(mariadbUrl, { network: true }), {
  describe,
  it,
  beforeAll,
  afterAll,
  beforeEach,
  afterEach,
});
