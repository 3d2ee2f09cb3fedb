/** One of several instances of an application, which have nothing in common but the provider and the database. */
import 'reflect-metadata';
import type { BrokerEvent } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { startApplication } from '../fixtures/application.js';
import { clients } from '../fixtures/op/clients.js';
import { serve } from './child.js';

/** How many events there were of each type. */
export type ApplicationCounts = Partial<Record<BrokerEvent['type'], number>>;

const [adapterName, discoveryUrl = '', brokerStoreUrl = ''] = process.argv.slice(2);
const counts: ApplicationCounts = {};
const app = await startApplication(
  adapters.find(({ name }) => name === adapterName)!,
  {
    auth: {
      ...clients.confidential,
      discoveryUrl,
      audience: 'test-api',
      brokerMode: true,
      brokerIssuer: 'https://broker.example.org',
      brokerStoreUrl,
      onEvent: ({ type }) => void (counts[type] = (counts[type] ?? 0) + 1),
    },
  },
);

serve(
  app.url,
  () => counts,
  () => app.close(),
);
