import { cpus } from 'node:os';
import { connections } from '../measure/plan.js';
import type { Plan } from '../measure/plan.js';
import { pinned } from '../server/spawn.js';
import { integer } from './figures.js';

/** Without this line no figure of the report means anything. */
export function conditions(plan: Plan, tokenBytes: number): string {
  const [cpu] = cpus();
  return (
    `${cpu?.model.trim()}, ${cpus().length} cores, Node ${process.version}, ${process.platform}; ` +
    `server ${pinned ? 'pinned to one core' : 'not pinned to a core'}, ${connections} connections, ` +
    `RS256 tokens of ${integer(tokenBytes)} bytes, median of ${plan.rounds} round${plan.rounds === 1 ? '' : 's'}.`
  );
}
