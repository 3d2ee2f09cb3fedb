import { Controller, Get } from '@nestjs/common';
import { Auth, type OidcAuthModuleExtras, type OidcAuthOptions } from '../../lib/index.js';
import { adapters, type Adapter } from '../fixtures/adapters.js';
import { startBroker, type RunningBroker } from '../fixtures/broker.js';
import { anyFreePort } from '../../scripts/start/ports.mjs';
import type { TestOp } from '../fixtures/op/index.js';
import { sharedAudience } from '../fixtures/peer.js';
import { signIn } from '../fixtures/sign-in-at-callback.js';

const PREFIX = '/api';

@Controller()
class ConstrainedRoutes {
  @Get('admins')
  @Auth({ roles: 'admin' })
  admins() {
    return 'ok';
  }

  @Get('scoped')
  @Auth({ scopes: 'profile' })
  scoped() {
    return 'ok';
  }
}

/** Where an application of ours will be: a peer must be told before it starts. */
export class NestAddress {
  private constructor(private readonly port: number) {}

  static async free(): Promise<NestAddress> {
    return new NestAddress(await anyFreePort());
  }

  /** As in `iss` of its tokens. */
  get issuer(): string {
    return `${this.publicUrl}${PREFIX}`;
  }

  private get publicUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** In broker mode, set up as peers in Python need it. */
  start(
    op: TestOp,
    options: Partial<OidcAuthOptions & OidcAuthModuleExtras>,
    adapter: Adapter = adapters[0],
  ): Promise<RunningBroker> {
    return startBroker(adapter, op, {
      auth: {
        brokerIssuer: undefined,
        publicUrl: this.publicUrl,
        prefix: PREFIX,
        brokerAudience: sharedAudience,
        subject: 'username',
        ...options,
      },
      module: { controllers: [ConstrainedRoutes] },
      port: this.port,
    });
  }
}

/** Somebody's login at the provider, by way of such an application. */
export async function signInAt(app: RunningBroker): Promise<string> {
  return (await signIn({ ...app, url: `${app.url}${PREFIX}` })).access_token;
}
