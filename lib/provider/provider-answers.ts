/** What tokens of the provider are checked against. */
export interface VerificationMetadata {
  readonly issuer: string;
  readonly algorithms: readonly string[];
}

/** What the provider's token endpoint answered (RFC 6749 §5.1), with the extensions some providers add. */
export interface ProviderTokens {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in?: number;
  readonly refresh_token?: string;
  readonly scope?: string;
  readonly id_token?: string;
  readonly [extension: string]: unknown;
}

/** What the provider's userinfo endpoint answered (Core §5.3.2). */
export interface ProviderUserInfo {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/** RFC 8628 §3.4. */
export const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

export type GrantType = 'authorization_code' | 'refresh_token' | typeof DEVICE_CODE_GRANT;
