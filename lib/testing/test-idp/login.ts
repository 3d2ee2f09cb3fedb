import type { IncomingHttpHeaders } from 'node:http';
import { OAuthError, PageError } from './errors.js';
import type { Settings } from './options/options.js';
import type { Records, Session } from './records.js';
import type { Users } from './users.js';

/** What an authorization request says about who shall sign in. */
export interface LoginRequest {
  readonly headers: IncomingHttpHeaders;
  readonly prompts: readonly string[];
  readonly hint: string | undefined;
  /** Seconds. */
  readonly maxAge: number | undefined;
}

/** The login page, without the page: it says at once who signs in, or why not. */
export class Login {
  readonly #errors: OAuthError[] = [];
  #as: string;

  constructor(
    private readonly users: Users,
    private readonly records: Records,
    private readonly issuer: () => string,
    initial: string,
  ) {
    users.get(initial);
    this.#as = initial;
  }

  get as(): string {
    return this.#as;
  }

  set as(name: string) {
    this.users.get(name);
    this.#as = name;
  }

  failNext(error: OAuthError): void {
    this.#errors.push(error);
  }

  /** The session of the browser, or a new one. */
  signIn({ headers, prompts, hint, maxAge }: LoginRequest, { now }: Settings): Session {
    const error = this.#errors.shift();
    if (error !== undefined) throw error;
    const wanted = hint === undefined ? undefined : this.hinted(hint);
    const session = this.sessionOf(headers);
    const isGood =
      session !== undefined &&
      (wanted === undefined || wanted === session.user) &&
      (maxAge === undefined || now() / 1_000 - session.authTime <= maxAge) &&
      !prompts.some((prompt) => prompt === 'login' || prompt === 'select_account');
    if (isGood) return session;
    if (prompts.includes('none')) throw new OAuthError('login_required', 'nobody is signed in at this browser');
    return this.records.newSession(wanted ?? this.#as, now());
  }

  sessionOf(headers: IncomingHttpHeaders): Session | undefined {
    const pairs = (headers.cookie ?? '').split(/; */).map((pair) => pair.split('='));
    const id = pairs.find(([name]) => name === this.cookieName)?.[1];
    return id === undefined ? undefined : this.records.sessions.get(id);
  }

  /** `Set-Cookie`: the browser keeps the session, or forgets the one it has. */
  cookieOf(session: Session | undefined): string {
    if (session === undefined) return `${this.cookieName}=; Path=/; Max-Age=0`;
    return `${this.cookieName}=${session.id}; Path=/; HttpOnly; SameSite=Lax`;
  }

  /** Browsers share cookies among the ports of a host: two providers must not take each other's. */
  private get cookieName(): string {
    return `test_idp_${new URL(this.issuer()).port}`;
  }

  /** A provider would ask for the password; here a hint that fits nobody is a mistake. */
  private hinted(hint: string): string {
    const name = this.users.hinted(hint);
    if (name !== undefined) return name;
    throw new PageError(
      `login_hint is ${JSON.stringify(hint)}, but the test identity provider has no such user. ` +
        `It has: ${this.users.names.join(', ')}. Give it to startTestIdp({ users }).`,
    );
  }
}
