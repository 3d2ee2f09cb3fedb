/**
 * `npm run throughput`: an application in several processes on one PostgreSQL refreshes many sessions, each by changing
 * processes, at a provider that punishes the reuse of a refresh token. No session may be lost, and the provider must be
 * asked exactly once for each generation. `--quick`: fewer sessions.
 */
import { parseArgs } from 'node:util';
import { atMost, fullPlan, type Plan, quickPlan } from './plan.js';
import { problems, report, type Results } from './report.js';
import { Scene } from './scene.js';
import { refresh, type Refresh, signIn, userName } from './sessions.js';

const progress = (step: string) => console.warn(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${step}`);

async function run(scene: Scene, plan: Plan): Promise<Results> {
  progress(`${plan.sessions} logins`);
  const users = Array.from({ length: plan.sessions }, (_, index) => userName(index));
  const sessions = await atMost(plan.concurrency, users, (user, index) => signIn(scene.url(index), user));

  const refreshes: Refresh[] = [];
  const start = performance.now();
  for (let round = 1; round <= plan.rounds; round++) {
    progress(`round ${round} of ${plan.rounds}`);
    await atMost(plan.concurrency, sessions, async (session, index) => {
      if (session.lost !== undefined) return;
      const isDouble = (index + round) % plan.doubleOneIn === 0;
      const urls = [scene.url(index + round), ...(isDouble ? [scene.url(index + round + 1)] : [])];
      refreshes.push(...(await refresh(session, urls)));
    });
  }
  const seconds = (performance.now() - start) / 1_000;
  return {
    plan,
    refreshes,
    seconds,
    upstreamRefreshes: await scene.upstreamRefreshes(),
    rotations: await scene.rotations(),
    losses: sessions.flatMap(({ lost }) => lost ?? []),
  };
}

// So that the database ends, too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const { quick } = parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values;
const plan = quick ? quickPlan : fullPlan;
progress('database, provider and applications');
const scene = await Scene.start(plan);
const results = await run(scene, plan).finally(() => scene.stop());

console.log(report(results));
for (const problem of problems(results)) {
  console.error(problem);
  process.exitCode = 1;
}
