import type { Provider } from '@nestjs/common';
import { AccessTokens } from './access-tokens.js';
import { BrokerEvents } from './broker-events.js';
import { BrokerStartUp } from './broker-start-up.js';
import { BrokerTokenIssuer } from './broker-token-issuer.js';
import { Identities } from './identity.js';
import { KnownPeerKeys } from './known-peer-keys.js';
import { LeaseJoin } from './lease-join.js';
import { LeasedRefresh } from './leased-refresh.js';
import { OwnIssuer } from './own-issuer.js';
import { SessionEnding } from './session-ending.js';
import { SessionRecords } from './session-records.js';
import { SessionRefresh } from './session-refresh.js';
import { SessionSaver } from './session-saver.js';
import { Sessions } from './sessions.js';
import { ShutdownSignal } from './shutdown-signal.js';
import { SigningKeys } from './signing-keys.js';
import { StoreAccess } from './store-access.js';
import { StoreClock } from './store-clock.js';
import { StoredOneTimeUse } from './stored-one-time-use.js';
import { TokenBroker } from './token-broker.js';
import { TokenExchange } from './token-exchange.js';
import { Upkeep } from './upkeep.js';
import { UpstreamRefresh } from './upstream-refresh.js';

/** The parts of broker mode. In pass-through mode they are there and do nothing. */
export const BROKER_PROVIDERS: readonly Provider[] = [
  AccessTokens,
  BrokerEvents,
  BrokerStartUp,
  BrokerTokenIssuer,
  Identities,
  LeaseJoin,
  LeasedRefresh,
  OwnIssuer,
  SessionEnding,
  SessionRecords,
  SessionRefresh,
  KnownPeerKeys,
  SessionSaver,
  Sessions,
  ShutdownSignal,
  SigningKeys,
  StoreAccess,
  StoreClock,
  StoredOneTimeUse,
  TokenBroker,
  TokenExchange,
  Upkeep,
  UpstreamRefresh,
];
