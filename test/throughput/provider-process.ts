/** The identity provider: rotates refresh tokens, punishes their reuse, and counts how often it was asked to refresh. */
import { startOp } from '../fixtures/op/index.js';
import { serve } from './child.js';
import { userName } from './sessions.js';

export interface ProviderCounts {
  readonly refreshes: number;
}

// What it costs the provider to sign is not what is measured.
const op = await startOp({ signingAlgorithm: 'ES256' });
for (let index = 0; index < Number(process.argv[2]); index++) {
  const name = userName(index);
  op.users[name] = { ...op.users.alice, sub: name, preferred_username: name };
}

let refreshes = 0;
op.faults.set('token', async (ctx, next) => {
  await next();
  if (ctx.oidc.body?.['grant_type'] === 'refresh_token') refreshes++;
});

serve(
  op.discoveryUrl,
  () => ({ refreshes }) satisfies ProviderCounts,
  () => op.close(),
);
