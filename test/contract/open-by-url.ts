/** Opens stores by their URLs, here and in other processes. */
export { openBrokerStore as open } from '../../lib/store/store-from-url.js';
