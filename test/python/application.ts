import { startQuickstart } from '../fixtures/samples/quickstart.js';
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
  const quickstart = await startQuickstart({ ...mode.env, ...env });
  const recorder = await Recorder.start(quickstart.page);
  return {
    host: `${recorder.origin}/api`,
    issuer: mode.issuer(quickstart),
    recorder,
    stop: async () => {
      await recorder.close();
      await quickstart.stop();
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
