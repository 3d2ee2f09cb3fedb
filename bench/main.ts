import { parseArgs } from 'node:util';
import { startIdp } from './idp.js';
import { bearerRequest } from './load/requests.js';
import { compare, type Comparison } from './measure/compare.js';
import { floods as measureFloods, type Flood } from './measure/flood.js';
import { memoryOverTokens } from './measure/memory.js';
import { minting } from './measure/minting.js';
import { start, type Start } from './measure/start.js';
import { patterns } from './measure/patterns.js';
import { fullPlan, tokensNeeded, quickPlan } from './measure/plan.js';
import { conditions } from './report/machine.js';
import { bytesPerToken, type MemoryRun } from './report/memory.js';
import { report } from './report/report.js';
import type { Adapter } from './server/adapters.js';
import { audience } from './tokens/claims.js';
import { generateEs256Key, generateRs256Key } from './tokens/keys.js';
import { signTokens } from './tokens/sign.js';
import { baseline, handWritten, product, refusing, variants } from './variants/index.js';

/** s in which unknown key ids cause one fetch. */
const COOLDOWN = 10;

const { quick } = parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values;
const plan = quick ? quickPlan : fullPlan;
const adapters: readonly Adapter[] = ['Express', 'Fastify'];
const progress = (step: string): void =>
  console.warn(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${step}`);

const rs256 = generateRs256Key();
const es256 = generateEs256Key();
const idp = await startIdp([rs256, es256]);
const issuer = {
  issuer: idp.issuer,
  audience,
  signingKey: { kid: rs256.kid, privateJwk: rs256.privateKey.export({ format: 'jwk' }) },
};

progress(`signing ${tokensNeeded(plan)} tokens`);
const tokens = await signTokens(rs256, idp.issuer, tokensNeeded(plan));
const requests = tokens.map(bearerRequest);

const comparisons: Comparison[] = [];
const starts: Start[] = [];
const floods: Flood[] = [];
for (const adapter of adapters) {
  const contenders = variants.filter((variant) => variant.adapters?.includes(adapter) ?? true);
  progress(`${adapter}, throughput and latency`);
  comparisons.push(...(await compare(adapter, contenders, patterns(requests, plan), issuer, plan)));
  progress(`${adapter}, first requests`);
  for (const variant of contenders) starts.push(await start(adapter, variant, requests, idp, issuer));
  progress(`${adapter}, flood`);
  const flooded = [product, handWritten, refusing];
  floods.push(...(await measureFloods(adapter, flooded, requests.slice(0, 1_000), rs256, idp, issuer, plan)));
}

const memory: MemoryRun[] = [];
for (const variant of [baseline, product]) {
  progress(`memory, ${variant.title}`);
  memory.push({ variant, looks: await memoryOverTokens(variant, es256, issuer, plan.memoryStep) });
}
progress('minting');
const mints = await minting(issuer, plan);
idp.close();

console.log(
  report({ conditions: conditions(plan, tokens[0]?.length ?? 0), comparisons, starts, floods, memory, mints }),
);

function demand(isMet: boolean, message: string): void {
  if (isMet) return;
  console.error(message);
  process.exitCode = 1;
}

for (const { adapter, variant, burstFetches, firstFetches } of starts.filter((it) => it.variant === product)) {
  demand(burstFetches === 1, `${adapter}: a cold burst must fetch the key set once, not ${burstFetches} times`);
  demand(firstFetches === 0, `${adapter}, ${variant.title}: the first request after a start must find the keys there`);
}
for (const { adapter, rounds } of floods.filter((it) => it.variant === product)) {
  for (const { seconds, jwksFetches, heapGrowth } of rounds) {
    const most = Math.ceil(seconds / COOLDOWN) + 1;
    demand(jwksFetches <= most, `${adapter}: a flood must cause ${most} key set fetches at most, not ${jwksFetches}`);
    demand(
      heapGrowth < 5e6,
      `${adapter}: a flood must leave nothing behind, but the heap has ${heapGrowth} bytes more`,
    );
  }
}

// A token that was let go leaves nothing behind; the smallest of them alone has more than a thousand bytes. The quick
// plan ends before the memory of tokens is full.
const growth = bytesPerToken(memory.find(({ variant }) => variant === product)!.looks, 'heapUsed');
demand(
  quick || growth <= 100,
  `Memory must not grow with the number of distinct tokens, but did by ${growth.toFixed(0)} bytes each`,
);
