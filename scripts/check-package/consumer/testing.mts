import * as node from 'node:test';
import { MemoryBrokerStore } from 'nestjs-oidc-auth';
import { describeBrokerStore, type BrokerStoreContractOptions, type TestRunner } from 'nestjs-oidc-auth/testing';

const runner: TestRunner = node;
const options: BrokerStoreContractOptions = { runner, process: undefined, destroy: () => undefined };

export const contract = () => describeBrokerStore('a store', () => new MemoryBrokerStore(), options);
