import { OidcAuthError, TokenVerifier, type IdTokenClaims } from '../../lib/index.js';
import { bearer, type RunningApplication } from '../fixtures/application.js';
import type { JoseVerdict } from './jose-verdict.js';
import { constrainedOptionalRoute, constrainedRoutes, optionalRoute, userinfo } from './routes.js';

/** What is refused for these reasons jose may accept: it knows neither kinds of tokens nor canonical base64url. */
const STRICTER_THAN_JOSE = new Set([
  'token_type_not_allowed',
  'token_critical_header',
  'token_malformed',
  'token_too_large',
]);

/** The same, of `token_claims_invalid`: to jose a subject is any JSON, however deep. */
const STRICTER_CLAIMS = new Set([
  'The token has no valid "sub" claim.',
  'The claims of the token are nested too deeply.',
]);

/** Where a token is refused that counts nowhere. */
const REFUSING = ['/me', userinfo, constrainedRoutes[0], '/me', optionalRoute] as const;

type Verdict = { readonly claims: IdTokenClaims } | { readonly reason: unknown };

/** Applications with the same issuers and keys, one on each adapter, and jose beside them: each gives its verdict of a token. */
export class Court {
  private readonly verifier: TokenVerifier;
  private turn = 0;

  constructor(
    private readonly applications: readonly RunningApplication[],
    private readonly jose: JoseVerdict,
  ) {
    this.verifier = applications[0]!.app.get(TokenVerifier);
  }

  /** `undefined`, or what is wrong with how a token was treated that must be accepted nowhere. */
  async mistreatmentOfBad(token: string): Promise<string | undefined> {
    const [verdict, isJoses] = await Promise.all([this.verdictOf(token), this.jose(token)]);
    if ('claims' in verdict) return `accepted: ${token}`;
    const refusal = this.wrongOfRefusal(verdict.reason, isJoses);
    if (refusal !== undefined) return `${refusal}: ${token}`;
    if (!isSendable(token)) return undefined;
    const path = REFUSING[this.turn++ % REFUSING.length]!;
    return firstOf(this.applications.map((app) => this.wrongOfAnonymous(app, path, token)));
  }

  /**
   * The same of a token that may be accepted or not, as jose does it, but meets no constraint: nothing of it may bring
   * a route down, and all of them must be of one mind.
   */
  async mistreatmentOfOdd(token: string): Promise<string | undefined> {
    const [verdict, isJoses] = await Promise.all([this.verdictOf(token), this.jose(token)]);
    if ('claims' in verdict && !isJoses) return `accepted, but not by jose: ${token}`;
    const refusal = 'claims' in verdict ? undefined : this.wrongOfRefusal(verdict.reason, isJoses);
    if (refusal !== undefined) return `${refusal}: ${token}`;
    if (!isSendable(token)) return undefined;
    // Many requests for each token: the adapters take turns.
    const app = this.applications[this.turn++ % this.applications.length]!;
    return this.wrongInRoutes(app, token, 'claims' in verdict ? verdict.claims : undefined);
  }

  async accepts(token: string): Promise<boolean> {
    const isOurs = 'claims' in (await this.verdictOf(token));
    const statuses = await Promise.all(this.applications.map((app) => ask(app, '/me', token)));
    return isOurs && (await this.jose(token)) && statuses.every(({ status }) => status === 200);
  }

  /** Whether the claims of a token hold a text anywhere, as the application is told them. */
  async isTold(token: string, text: string): Promise<boolean> {
    const verdict = await this.verdictOf(token);
    return 'claims' in verdict && JSON.stringify(verdict.claims).includes(JSON.stringify(text));
  }

  private verdictOf(token: string): Promise<Verdict> {
    return this.verifier.verify(token).then(
      (claims) => ({ claims }),
      (reason: unknown) => ({ reason }),
    );
  }

  private wrongOfRefusal(reason: unknown, isJoses: boolean): string | undefined {
    if (!(reason instanceof OidcAuthError) || !reason.code.startsWith('token_')) return String(reason);
    const isExplained = STRICTER_THAN_JOSE.has(reason.code) || STRICTER_CLAIMS.has(reason.message);
    return isJoses && !isExplained ? `accepted by jose, ${reason.code} here` : undefined;
  }

  private async wrongInRoutes(
    app: RunningApplication,
    token: string,
    claims: IdTokenClaims | undefined,
  ): Promise<string | undefined> {
    if (claims === undefined) {
      return firstOf(['/me', optionalRoute, userinfo].map((path) => this.wrongOfAnonymous(app, path, token)));
    }
    const expected = new Map<string, { status: number; sub?: unknown }>([
      ['/me', { status: 200, sub: claims.sub }],
      [optionalRoute, { status: 200, sub: claims.sub }],
      [constrainedOptionalRoute, { status: 200, sub: null }],
      [userinfo, { status: 200, sub: claims.sub }],
      ...constrainedRoutes.map((path) => [path, { status: 403 }] as const),
    ]);
    return firstOf(
      [...expected].map(async ([path, { status, sub }]) => {
        const answer = await ask(app, path, token);
        const isRight = answer.status === status && (sub === undefined || answer.sub === sub);
        return isRight ? undefined : `${answer.status} of ${path}: ${token}`;
      }),
    );
  }

  private async wrongOfAnonymous(app: RunningApplication, path: string, token: string): Promise<string | undefined> {
    const { status, sub } = await ask(app, path, token);
    const isRight = path === optionalRoute ? status === 200 && sub === null : status === 401;
    return isRight ? undefined : `${status} of ${path}: ${token}`;
  }
}

async function firstOf(all: readonly Promise<string | undefined>[]): Promise<string | undefined> {
  return (await Promise.all(all)).find((each) => each !== undefined);
}

async function ask(app: RunningApplication, path: string, token: string): Promise<{ status: number; sub: unknown }> {
  const response = await app.fetch(path, bearer(token));
  const body = (await response.json()) as { sub?: unknown };
  return { status: response.status, sub: body.sub };
}

/** Whether a header can carry it at all: Node hangs up on more than 16 KiB. */
const isSendable = (token: string) => token.length < 15_000 && /^[\x21-\x7e\x80-\xff]+$/.test(token);
