import {
  createLocalJWKSet,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from 'jose';

/** How jose is told what an issuer's tokens must be. */
export interface JoseIssuer {
  readonly jwksUri: string;
  readonly options: JWTVerifyOptions;
}

/** Whether jose accepts a token, as it was told of the issuers: of one of them, that is. */
export type JoseVerdict = (token: string) => Promise<boolean>;

export async function joseVerdictOf(issuers: readonly JoseIssuer[]): Promise<JoseVerdict> {
  const known = await Promise.all(
    issuers.map(async ({ jwksUri, options }) => {
      const keys = createLocalJWKSet((await (await fetch(jwksUri)).json()) as JSONWebKeySet);
      return { keys, options: { clockTolerance: 10, requiredClaims: ['exp', 'sub'], ...options } };
    }),
  );
  return async (token) => {
    for (const { keys, options } of known) if (await isAccepted(token, keys, options)) return true;
    return false;
  };
}

async function isAccepted(token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<boolean> {
  try {
    await jwtVerify(token, keys, options);
    return true;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return false;
    // A token that names no key: jose leaves it to its caller to try those that may have signed.
    for await (const key of error) {
      if (
        await jwtVerify(token, key, options).then(
          () => true,
          () => false,
        )
      )
        return true;
    }
    return false;
  }
}
