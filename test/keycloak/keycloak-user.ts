import { UserAgent, type Landing } from '../fixtures/user-agent.js';
import type { User } from './realm.js';

/** A person with a browser of their own, who fills in Keycloak's pages. */
export class KeycloakUser {
  /** Keycloak's device page takes a POST that does not accept HTML for a device authorization request. */
  readonly browser = new UserAgent({ headers: { accept: 'text/html' } });

  constructor(private readonly user: User) {}

  /** Opens an address that leads to Keycloak's login, signs in, and stops at the redirect to `redirectUri`. */
  async signIn(url: string, redirectUri: string): Promise<URL> {
    const until = (location: string) => location.startsWith(redirectUri);
    const landing = await this.browser.follow(url, { until });
    const { url: end } = until(landing.url) ? landing : await this.fillIn(landing, until);
    if (!until(end)) throw new Error(`the login ended at ${end} instead of ${redirectUri}`);
    return new URL(end);
  }

  /** Opens `verification_uri_complete` of a device authorization, signs in, and allows or refuses it. */
  async decideOnDevice(verificationUriComplete: string, decision: 'accept' | 'cancel'): Promise<void> {
    await this.consent(await this.browser.follow(verificationUriComplete), decision);
  }

  /** Opens `verification_uri`, types the code, signs in, and allows the device. */
  async typeDeviceCode(verificationUri: string, userCode: string): Promise<void> {
    const page = await this.browser.follow(verificationUri);
    await this.consent(await this.browser.submit(page, { device_user_code: userCode }), 'accept');
  }

  private async consent(login: Landing, decision: 'accept' | 'cancel'): Promise<void> {
    const end = await this.browser.submit(await this.fillIn(login), { [decision]: '' });
    const html = await end.response.text();
    const expected = decision === 'accept' ? 'Device Login Successful' : 'Device Login Failed';
    if (!html.includes(expected)) throw new Error(`no "${expected}" at ${end.url}: ${html}`);
  }

  private fillIn(login: Landing, until?: (location: string) => boolean): Promise<Landing> {
    const { username, password } = this.user;
    return this.browser.submit(login, { username, password }, until ? { until } : {});
  }
}
