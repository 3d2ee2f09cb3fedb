import { describeBrokerStore } from '../../lib/testing/index.js';
import { mariadbUrl } from '../fixtures/databases/index.js';
import { byServerUrl } from '../fixtures/stores/contract-options.js';
import { open } from '../fixtures/stores/open-by-url.js';

describeBrokerStore('TypeOrmBrokerStore on MariaDB', open, byServerUrl(mariadbUrl));
