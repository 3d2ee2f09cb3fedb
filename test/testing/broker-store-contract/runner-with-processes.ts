/** A test runner's process that somebody kills: it has started processes with stores whose client stays open, and says so. */
import { StoreProcesses } from '../../../lib/testing/broker-store-contract/store-processes.js';

const module = new URL('./open-in-one-process.ts', import.meta.url);
const processes = new StoreProcesses({ module, execArgv: process.execArgv }, [0, 0], 100);
await processes.inAll(() => ({ open: 'client' }));
process.send!('opened');
