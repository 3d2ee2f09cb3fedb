import { setMaxListeners } from 'node:events';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import {
  buildAuthorizationUrl,
  buildEndSessionUrl,
  fetchUserInfo,
  genericGrantRequest,
  initiateDeviceAuthorization,
  tokenRevocation,
  type Configuration,
  type ServerMetadata,
} from 'openid-client';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { OperatorLog } from '../errors/operator-log.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { announcedAlgorithms } from './announced-algorithms.js';
import { explainMissingMembers, type DeviceAuthorization } from './device-authorization.js';
import { setIdTokenAside } from './id-token-aside.js';
import { fetchJwks, outgoingFetch, withoutQuery, type OutgoingFetch } from './outgoing-fetch.js';
import { configurationOf, discover } from './provider-configuration.js';
import type { GrantType, ProviderTokens, ProviderUserInfo, VerificationMetadata } from './provider-answers.js';
import { fromProviderError, isRefusal } from './provider-error.js';
import { SingleFlight } from './single-flight.js';

/** Metadata is asked for again after this time (ms), behind the requests. */
const METADATA_FRESH = 86_400_000;

/** ms; existing clients give up after 30 s, and a refresh is more than this one request. */
const LONGEST_REFRESH = 10_000;

/** What the provider's metadata came to. */
interface Discovered {
  readonly configuration: Configuration;
  readonly metadata: ServerMetadata;
  readonly forVerification: VerificationMetadata;
  /** ms, monotonic */
  readonly at: number;
}

/** The identity provider: the only class that speaks to it; openid-client is known in this folder alone. */
@Injectable()
export class IdentityProvider implements BeforeApplicationShutdown {
  private readonly closing = new AbortController();
  private readonly fetch: OutgoingFetch;
  /** Limit in ms of a refresh in broker mode, as clients wait for it. */
  readonly refreshTimeout: number;
  private readonly log = new OperatorLog();
  private readonly discovery = new SingleFlight<Discovered>();
  private discovered: Discovered | undefined;

  constructor(@Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions) {
    // As many requests listen to it as are under way.
    setMaxListeners(0, this.closing.signal);
    this.fetch = outgoingFetch(options, this.closing.signal);
    this.refreshTimeout = Math.min(options.timeout, LONGEST_REFRESH);
  }

  /** Not sooner: what is under way when the application begins to close may end. */
  beforeApplicationShutdown(): void {
    this.closing.abort(new Error('the application is closing'));
  }

  /** Issuer and algorithms; without asking the provider where the options name all of it. */
  async verificationMetadata(): Promise<VerificationMetadata> {
    const { issuer, jwksUri, algorithms } = this.options;
    if (issuer !== undefined && jwksUri !== undefined && algorithms !== undefined) return { issuer, algorithms };
    return (await this.current()).forVerification;
  }

  /** The provider's JWK Set (RFC 7517 §5), as it is. */
  async fetchKeys(): Promise<readonly unknown[]> {
    const url = this.options.jwksUri ?? (await this.configuration()).serverMetadata().jwks_uri!;
    return this.ask(url, () => fetchJwks(this.fetch, url));
  }

  /** Whether authorization responses carry `iss` (RFC 9207 §3), and which one. */
  async authorizationResponseIssuer(): Promise<{ issuer: string; announced: boolean }> {
    const metadata = (await this.configuration()).serverMetadata();
    return {
      issuer: metadata.issuer,
      announced: metadata['authorization_response_iss_parameter_supported'] === true,
    };
  }

  async authorizationUrl(parameters: Record<string, string>): Promise<string> {
    return buildAuthorizationUrl(await this.configuration(), parameters).href;
  }

  /** One request to the token endpoint. The ID token in the answer is not verified yet. */
  async grant(grantType: GrantType, parameters: Record<string, string>): Promise<ProviderTokens> {
    const configuration = await this.configuration();
    return this.ask(configuration.serverMetadata().token_endpoint!, () =>
      genericGrantRequest(configuration, grantType, parameters),
    );
  }

  /** Settles when the provider's addresses are known. */
  async ready(): Promise<void> {
    await this.current();
  }

  /**
   * Whatever is wrong with the ID token in it, the answer is given: it may hold the only copy of the next refresh token.
   *
   * @param timeout ms
   */
  async refresh(refreshToken: string, timeout: number): Promise<ProviderTokens> {
    const { metadata } = await this.current();
    const impatientFetch = outgoingFetch({ ...this.options, timeout }, this.closing.signal);
    let idToken: string | undefined;
    const configuration = configurationOf(metadata, this.options, async (url, init) => {
      const answer = await setIdTokenAside(await impatientFetch(url, init));
      idToken = answer.idToken;
      return answer.response;
    });
    const tokens = await this.ask(metadata.token_endpoint!, () =>
      genericGrantRequest(configuration, 'refresh_token', { refresh_token: refreshToken }),
    );
    return { ...tokens, ...(idToken === undefined ? {} : { id_token: idToken }) };
  }

  /** Ends a refresh token (RFC 7009 §2.1); nothing where the provider has no place for that. */
  async revoke(refreshToken: string): Promise<void> {
    const configuration = await this.configuration();
    const endpoint = configuration.serverMetadata().revocation_endpoint;
    if (endpoint === undefined) return;
    await this.ask(endpoint, () => tokenRevocation(configuration, refreshToken, { token_type_hint: 'refresh_token' }));
  }

  /**
   * @throws {@link OidcAuthError} `device_flow_unsupported`, `provider_invalid_response` naming what is missing
   */
  async authorizeDevice(parameters: Record<string, string>): Promise<DeviceAuthorization> {
    const configuration = await this.configuration();
    const endpoint = configuration.serverMetadata().device_authorization_endpoint;
    if (endpoint === undefined) {
      throw new OidcAuthError(
        'device_flow_unsupported',
        'The identity provider has no device_authorization_endpoint: use the authorization code flow.',
      );
    }
    return this.ask(endpoint, () =>
      initiateDeviceAuthorization(configuration, parameters).catch(explainMissingMembers),
    );
  }

  /** `undefined` where the provider has no userinfo endpoint. */
  async userInfo(accessToken: string, subject: string): Promise<ProviderUserInfo | undefined> {
    const configuration = await this.configuration();
    const endpoint = configuration.serverMetadata().userinfo_endpoint;
    if (endpoint === undefined) return undefined;
    return this.ask(endpoint, () => fetchUserInfo(configuration, accessToken, subject));
  }

  /**
   * The same where it is welcome and no more: a provider that refuses its own token (one for another API alone) tells
   * nothing by that.
   *
   * @throws {@link OidcAuthError} `provider_unreachable`, `provider_invalid_response`, `subject_changed`
   */
  async userInfoIfGiven(accessToken: string, subject: string): Promise<Readonly<Record<string, unknown>>> {
    try {
      return (await this.userInfo(accessToken, subject)) ?? {};
    } catch (error) {
      if (isRefusal(error)) return {};
      throw error;
    }
  }

  /** Where the browser ends its session at the provider (RP-Initiated Logout §2); `undefined` where that is nowhere. */
  async endSessionUrl(parameters: Record<string, string>): Promise<string | undefined> {
    const configuration = await this.configuration();
    if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
    return buildEndSessionUrl(configuration, parameters).href;
  }

  /** Makes errors ours, and tells the operator, whoever asked: also behind requests, where nobody waits. */
  private async ask<T>(address: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      const ours = fromProviderError(error, withoutQuery(address));
      if (!this.closing.signal.aborted) this.log.report(ours);
      throw ours;
    }
  }

  private async configuration(): Promise<Configuration> {
    return (await this.current()).configuration;
  }

  private async current(): Promise<Discovered> {
    if (this.discovered === undefined) return this.rediscover();
    if (performance.now() - this.discovered.at > METADATA_FRESH) void this.rediscover().catch(() => undefined);
    return this.discovered;
  }

  private rediscover(): Promise<Discovered> {
    return this.discovery.run(() =>
      this.ask(this.options.discoveryUrl.href, async () => {
        const metadata = await discover(this.options, this.fetch);
        this.discovered = {
          configuration: configurationOf(metadata, this.options, this.fetch),
          metadata,
          forVerification: verificationMetadataOf(metadata, this.options),
          at: performance.now(),
        };
        return this.discovered;
      }),
    );
  }
}

function verificationMetadataOf(metadata: ServerMetadata, options: ResolvedOptions): VerificationMetadata {
  return { issuer: metadata.issuer, algorithms: options.algorithms ?? announcedAlgorithms(metadata) };
}
