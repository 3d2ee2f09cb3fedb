import type { Provider } from '@nestjs/common';
import { AccessTokens } from './issuing/access-tokens.js';
import { BrokerEvents } from './broker-events.js';
import { BrokerStartUp } from './broker-start-up.js';
import { BrokerTokenIssuer } from './broker-token-issuer.js';
import { Identities } from './sessions/identity.js';
import { LeaseJoin } from './sessions/lease-join.js';
import { LeasedRefresh } from './sessions/leased-refresh.js';
import { Leases } from './sessions/lease.js';
import { OwnIssuer } from './issuing/own-issuer.js';
import { SessionEnding } from './sessions/session-ending.js';
import { SessionRecords } from './sessions/session-records.js';
import { SessionRefresh } from './sessions/session-refresh.js';
import { SessionSaver } from './sessions/session-saver.js';
import { Sessions } from './sessions/sessions.js';
import { ShutdownSignal } from './shutdown-signal.js';
import { SigningKeyRecords } from './issuing/signing-key-records.js';
import { SigningKeyRotation } from './issuing/signing-key-rotation.js';
import { SigningKeys } from './issuing/signing-keys.js';
import { RefreshedIdentities } from './sessions/refreshed-identity.js';
import { Reencryption } from './records/reencryption.js';
import { StoreAccess } from './records/store-access.js';
import { StoreClock } from './records/store-clock.js';
import { StoredOneTimeUse } from './records/stored-one-time-use.js';
import { TokenBroker } from './token-broker.js';
import { TokenExchange } from './token-exchange.js';
import { Upkeep } from './upkeep.js';
import { UpstreamRefresh } from './sessions/upstream-refresh.js';

/** The parts of broker mode. In pass-through mode they are there and do nothing. */
export const BROKER_PROVIDERS: readonly Provider[] = [
  AccessTokens,
  BrokerEvents,
  BrokerStartUp,
  BrokerTokenIssuer,
  Identities,
  LeaseJoin,
  LeasedRefresh,
  Leases,
  OwnIssuer,
  Reencryption,
  RefreshedIdentities,
  SessionEnding,
  SessionRecords,
  SessionRefresh,
  SessionSaver,
  Sessions,
  ShutdownSignal,
  SigningKeyRecords,
  SigningKeyRotation,
  SigningKeys,
  StoreAccess,
  StoreClock,
  StoredOneTimeUse,
  TokenBroker,
  TokenExchange,
  Upkeep,
  UpstreamRefresh,
];
