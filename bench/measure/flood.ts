import type { Idp } from '../idp.js';
import { pace } from '../load/pace.js';
import { bearerRequest, cycle, once } from '../load/requests.js';
import type { Adapter } from '../server/adapters.js';
import { Server } from '../server/spawn.js';
import { unknownKid } from '../tokens/claims.js';
import type { SigningKey } from '../tokens/keys.js';
import { signTokens } from '../tokens/sign.js';
import type { Issuer, VariantEntry } from '../variants/index.js';
import { percentile } from './percentile.js';
import type { Plan } from './plan.js';

/** What users get while somebody sends tokens with key ids that do not exist. */
export interface Flood {
  readonly adapter: Adapter;
  readonly variant: VariantEntry;
  readonly rounds: readonly FloodRound[];
}

/** Each has a server of its own. */
export interface FloodRound {
  readonly requests: number;
  readonly seconds: number;
  /** ms of the users alone, and beside the flood. */
  readonly quietP99: number;
  readonly floodedP99: number;
  readonly jwksFetches: number;
  /** Bytes that the heap has more after the flood than before it. */
  readonly heapGrowth: number;
}

/** Requests per second: together about a third of what a server on one core can answer. */
const USERS = 200;
const FLOOD = 1_000;
/** Requests before the first measurement, so that the compiler has done its work for either answer. */
const WARM_UP = 2_000;

/** The variants take turns in each round. */
export async function floods(
  adapter: Adapter,
  variants: readonly VariantEntry[],
  users: readonly Buffer[],
  key: SigningKey,
  idp: Idp,
  issuer: Issuer,
  plan: Plan,
): Promise<Flood[]> {
  const measured = variants.map((variant) => ({ adapter, variant, rounds: [] as FloodRound[] }));
  for (let round = 0; round < plan.floodRounds; round++) {
    for (const { variant, rounds } of measured) {
      rounds.push(await flood(adapter, variant, users, key, idp, issuer, plan.flood));
    }
  }
  return measured;
}

async function flood(
  adapter: Adapter,
  variant: VariantEntry,
  users: readonly Buffer[],
  key: SigningKey,
  idp: Idp,
  issuer: Issuer,
  requests: number,
): Promise<FloodRound> {
  const seconds = requests / FLOOD;
  const [token] = await signTokens({ ...key, kid: unknownKid }, issuer.issuer, 1);
  // Each with an id of its own: that the signature is none, nobody gets to see.
  const forged = Array.from({ length: WARM_UP + requests }, (_, index) =>
    bearerRequest(`${header(key.alg, index)}${token!.slice(token!.indexOf('.'))}`),
  );
  const server = await Server.start(adapter, variant.name, issuer);
  const asUsers = (count: number) =>
    pace(server.port, { connections: 8, perSecond: USERS, requests: count, source: cycle(users), status: 200 });
  const source = once(forged);
  const asAttackers = (count: number) =>
    pace(server.port, { connections: 32, perSecond: FLOOD, requests: count, source, status: 401 });
  await asUsers(USERS);
  await asAttackers(WARM_UP);

  const quiet = await asUsers(USERS * seconds);
  const [heapBefore, fetchesBefore] = [(await server.memory()).heapUsed, idp.jwksFetches];
  const [flooded] = await Promise.all([asUsers(USERS * seconds), asAttackers(requests)]);
  const jwksFetches = idp.jwksFetches - fetchesBefore;
  const heapGrowth = (await server.memory()).heapUsed - heapBefore;
  await server.stop();
  return {
    requests,
    seconds,
    quietP99: percentile(quiet, 0.99),
    floodedP99: percentile(flooded, 0.99),
    jwksFetches,
    heapGrowth,
  };
}

function header(alg: string, index: number): string {
  return Buffer.from(JSON.stringify({ alg, typ: 'at+jwt', kid: `${unknownKid}${index}` })).toString('base64url');
}
