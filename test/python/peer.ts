import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JWTHeaderParameters, JWTPayload } from 'jose';
import { bearer } from '../fixtures/application.js';
import type { TestOp } from '../fixtures/op/index.js';
import { sharedAudience } from '../fixtures/peer.js';
import { tokensIn } from '../fixtures/responses.js';
import { UserAgent } from '../fixtures/user-agent.js';
import { environmentAt, peerPython, PythonProcess } from './python-process.js';

const PROGRAM = fileURLToPath(new URL('programs/peer.py', import.meta.url));
const PATH = '/api';

/** Another application, in Python: `py-oidc-auth` in broker mode, with a key and a database of its own. */
export class PythonPeer {
  private process: PythonProcess | undefined;
  private port = 0;
  private generation = 0;

  private constructor(
    private readonly op: TestOp,
    private readonly home: string,
    private readonly trustedIssuers: readonly string[],
  ) {}

  static async start(op: TestOp, trustedIssuers: readonly string[]): Promise<PythonPeer> {
    const peer = new PythonPeer(op, await mkdtemp(join(tmpdir(), 'python-peer-')), trustedIssuers);
    await peer.up();
    return peer;
  }

  /** As in `iss` of its tokens. */
  get issuer(): string {
    return `http://127.0.0.1:${this.port}${PATH}`;
  }

  /** On the same port as before. */
  async up(): Promise<void> {
    const { clientId, clientSecret } = this.op.clients.confidential;
    const options = {
      port: this.port,
      path: PATH,
      store: join(this.home, `broker-${this.generation}.sqlite`),
      clientId,
      clientSecret,
      discoveryUrl: this.op.discoveryUrl,
      providerAudience: 'test-api',
      audience: sharedAudience,
      trustedIssuers: this.trustedIssuers,
    };
    this.process = new PythonProcess([PROGRAM, JSON.stringify(options)], environmentAt(this.home), peerPython);
    this.port = await this.process.line<number>();
  }

  async down(): Promise<void> {
    await this.process?.killed();
  }

  /** It has no other way to a new key than to lose its database. */
  async restart({ withNewKey = false } = {}): Promise<void> {
    await this.down();
    if (withNewKey) this.generation++;
    await this.up();
  }

  async remove(): Promise<void> {
    await this.down();
    await rm(this.home, { recursive: true, force: true });
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, init);
  }

  /** What a guarded route of it knows of the sender of a token. */
  async claimsOf(token: string): Promise<Record<string, unknown>> {
    const response = await this.fetch('/who-am-i', bearer(token));
    if (response.status !== 200) throw new Error(`refused: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  }

  /** `'accepted'`, or the status and the reason. */
  async verdict(token: string): Promise<string> {
    const response = await this.fetch('/who-am-i', bearer(token));
    if (response.status === 200) return 'accepted';
    const text = await response.text();
    const { detail } = response.status === 500 ? { detail: text } : (JSON.parse(text) as { detail: string });
    return `${response.status} ${detail}`;
  }

  /** Somebody's login at the provider, by way of this application. */
  async signIn(user?: string): Promise<string> {
    const query = new URLSearchParams({
      redirect_uri: `${this.issuer}/auth/v2/callback`,
      // Its database takes no session without a refresh token.
      offline_access: 'true',
      prompt: 'consent',
    });
    if (user !== undefined) this.op.loginAs = user;
    const { response } = await new UserAgent().follow(`${this.issuer}/auth/v2/login?${query}`);
    return (await tokensIn(response)).access_token;
  }

  /** As it issues tokens to people of whom it knows this. */
  mint(user: { sub: string; email: string | null; roles: readonly string[] }): Promise<string> {
    return this.post('/mint', user);
  }

  /** Whatever is said, signed by its key. */
  sign(claims: JWTPayload = {}, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const said = { iss: this.issuer, sub: 'bob', aud: sharedAudience, iat: now, exp: now + 300, ...claims };
    return this.post('/sign', { claims: said, header });
  }

  /** For its clock, seconds go by. */
  async pass(seconds: number): Promise<void> {
    await this.post('/clock', seconds);
  }

  private async post<T>(path: string, body: unknown): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    const response = await this.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }
}
