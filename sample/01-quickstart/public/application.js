import { ask } from './problems.js';

/** What the application says about itself: its mode, its identity provider, its routes. The same for the whole visit. */
let known = { mode: 'broker', provider: { demo: false }, scopes: [], routes: [] };

export async function askApplication() {
  known = await (await ask('/api/demo')).json();
  return known;
}

/** Broker mode: the application issues the tokens. Otherwise they are the identity provider's. */
export const isBroker = () => known.mode === 'broker';

export const isDemoProvider = () => known.provider.demo;
