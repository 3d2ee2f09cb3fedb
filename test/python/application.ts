import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startQuickstart } from '../browser/quickstart.js';
import type { TestOp } from '../fixtures/op/index.js';
import type { Mode } from './modes.js';
import { Recorder } from './recorder.js';

export interface Application {
  /** What people give the client as `host`. */
  readonly host: string;
  /** The `iss` of the access tokens that a client should get. */
  readonly issuer: string;
  readonly recorder: Recorder;
  stop(): Promise<void>;
}

/** What `npm start` starts, in this mode, with a recorder between it and the client. */
export async function startApplication(mode: Mode, env: Record<string, string> = {}): Promise<Application> {
  // What a broker keeps goes with the test.
  const data = await mkdtemp(join(tmpdir(), 'quickstart-'));
  const forget = () => rm(data, { recursive: true });
  const quickstart = await startQuickstart({ XDG_DATA_HOME: data, ...mode.env, ...env }).catch(async (error) => {
    await forget();
    throw error;
  });
  const recorder = await Recorder.start(quickstart.page);
  return {
    host: `${recorder.origin}/api`,
    issuer: mode.issuer(quickstart),
    recorder,
    stop: async () => {
      await recorder.close();
      await quickstart.stop();
      await forget();
    },
  };
}

/** The same at a provider that can be told how to behave. */
export function startApplicationAt(op: TestOp, mode: Mode): Promise<Application> {
  const { clientId, clientSecret } = op.clients.confidential;
  return startApplication(mode, {
    OIDC_DISCOVERY_URL: op.discoveryUrl,
    OIDC_CLIENT_ID: clientId,
    OIDC_CLIENT_SECRET: clientSecret,
    OIDC_AUDIENCE: 'test-api',
  });
}
