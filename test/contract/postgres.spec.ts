import { describeBrokerStore } from '../../lib/testing/index.js';
import { onPostgres } from '../fixtures/stores/contract-options.js';
import { open } from '../fixtures/stores/open-by-url.js';

describeBrokerStore('TypeOrmBrokerStore on PostgreSQL', open, onPostgres);
