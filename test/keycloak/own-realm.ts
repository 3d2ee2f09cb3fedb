import { randomBytes } from 'node:crypto';
import { administer } from './administration.js';
import { confidentialClient, issuer, realmFile, type User } from './realm.js';

/** A user who is there for one test alone, so that anything may happen to them. */
export interface OwnUser extends User {
  readonly id: string;
}

/** A copy of the demo realm in which a test may change anything. */
export class OwnRealm {
  private readonly name = `test-${randomBytes(4).toString('hex')}`;
  readonly issuer = issuer.replace(/[^/]+$/, this.name);
  readonly discoveryUrl = `${this.issuer}/.well-known/openid-configuration`;

  /** @param settings of Keycloak's realm representation */
  static async create(settings: Record<string, unknown> = {}): Promise<OwnRealm> {
    const realm = new OwnRealm();
    await administer('POST', '', { ...realmFile, ...settings, realm: realm.name });
    return realm;
  }

  async addUser(...realmRoles: readonly string[]): Promise<OwnUser> {
    const username = `user-${randomBytes(4).toString('hex')}`;
    const user = { username, email: `${username}@example.org`, password: 'password-of-a-test' };
    await this.administer('POST', '/users', {
      username,
      email: user.email,
      firstName: 'Somebody',
      lastName: 'New',
      enabled: true,
      credentials: [{ type: 'password', value: user.password, temporary: false }],
    });
    const [found] = await this.administer<{ id: string }[]>('GET', `/users?username=${username}&exact=true`);
    const added = { ...user, id: found!.id };
    await this.giveRoles(added, ...realmRoles);
    return added;
  }

  async giveRoles(user: OwnUser, ...names: readonly string[]): Promise<void> {
    await this.administer('POST', `/users/${user.id}/role-mappings/realm`, await this.roles(names));
  }

  async takeRoles(user: OwnUser, ...names: readonly string[]): Promise<void> {
    await this.administer('DELETE', `/users/${user.id}/role-mappings/realm`, await this.roles(names));
  }

  async disable(user: OwnUser): Promise<void> {
    const found = await this.administer<object>('GET', `/users/${user.id}`);
    await this.administer('PUT', `/users/${user.id}`, { ...found, enabled: false });
  }

  async delete(user: OwnUser): Promise<void> {
    await this.administer('DELETE', `/users/${user.id}`);
  }

  async endSessions(user: OwnUser): Promise<void> {
    for (const id of await this.sessions(user)) await this.administer('DELETE', `/sessions/${id}`);
  }

  async endOfflineSessions(user: OwnUser): Promise<void> {
    const sessions = await this.offlineSessions(user);
    for (const id of sessions) await this.administer('DELETE', `/sessions/${id}?isOffline=true`);
  }

  /** Ids of the sessions in which the user is signed in. */
  async sessions(user: OwnUser): Promise<string[]> {
    const found = await this.administer<{ id: string }[]>('GET', `/users/${user.id}/sessions`);
    return found.map(({ id }) => id);
  }

  /** Ids of the sessions for which the application holds an offline token. */
  async offlineSessions(user: OwnUser): Promise<string[]> {
    const { clientId } = confidentialClient;
    const [client] = await this.administer<{ id: string }[]>('GET', `/clients?clientId=${clientId}`);
    const path = `/users/${user.id}/offline-sessions/${client!.id}`;
    const found = await this.administer<{ id: string }[]>('GET', path);
    return found.map(({ id }) => id);
  }

  remove(): Promise<void> {
    return this.administer('DELETE', '');
  }

  private roles(names: readonly string[]): Promise<object[]> {
    return Promise.all(names.map((name) => this.administer<object>('GET', `/roles/${name}`)));
  }

  private administer<T = undefined>(method: string, path: string, body?: unknown): Promise<T> {
    return administer<T>(method, `/${this.name}${path}`, body);
  }
}
