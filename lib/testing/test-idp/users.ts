import { TestIdpError } from './errors.js';
import { checked } from './options/checked.js';
import { copyOf } from './options/copy-of.js';
import { isObject, shown } from './options/known-names.js';
import { assertValues, listOfTexts, type Rule, text } from './options/rules.js';

/** Somebody who can sign in. Members beside these are claims, and are in every token and in userinfo. */
export interface TestIdpUser {
  /** Default: the name the user is called by. */
  sub?: string | undefined;
  /** Where they appear is said by `rolesClaim` and `rolesIn`. Default none. */
  roles?: readonly string[] | undefined;
  /** With the scope `profile`. Default: the name the user is called by. */
  preferred_username?: string | undefined;
  /** With the scope `profile`. */
  name?: string | undefined;
  /** With the scope `email`. */
  email?: string | undefined;
  /** With the scope `email`. */
  email_verified?: boolean | undefined;
  [claim: string]: unknown;
}

export const DEFAULT_USERS: Readonly<Record<string, TestIdpUser>> = {
  alice: {
    roles: ['admin', 'user'],
    name: 'Alice Liddell',
    given_name: 'Alice',
    family_name: 'Liddell',
    email: 'alice@example.org',
    email_verified: true,
  },
  bob: {
    roles: ['user'],
    name: 'Bob Builder',
    given_name: 'Bob',
    family_name: 'Builder',
    email: 'bob@example.org',
    email_verified: false,
  },
};

/** Claims that a scope releases (OpenID Connect Core §5.4); all others need none. */
const SCOPE_OF_CLAIM: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    profile: [
      'name',
      'family_name',
      'given_name',
      'middle_name',
      'nickname',
      'preferred_username',
      'profile',
      'picture',
    ],
    email: ['email', 'email_verified'],
    address: ['address'],
    phone: ['phone_number', 'phone_number_verified'],
  }).flatMap(([scope, claims]) => claims.map((claim) => [claim, scope])),
);

/** What scopes tell of a user, without `sub` and roles. */
export function releasedClaims(
  { sub: _sub, roles: _roles, ...claims }: TestIdpUser,
  scope: readonly string[],
): Record<string, unknown> {
  const isReleased = (claim: string) => SCOPE_OF_CLAIM[claim] === undefined || scope.includes(SCOPE_OF_CLAIM[claim]);
  return Object.fromEntries(Object.entries(claims).filter(([claim]) => isReleased(claim)));
}

/** `claims` with the roles at the place where they belong; whatever else is there stays. */
export function withRoles(
  claims: Readonly<Record<string, unknown>>,
  place: string | readonly string[],
  roles: readonly string[] | null | undefined,
): Record<string, unknown> {
  if (roles === undefined) return { ...claims };
  const [member = 'roles', ...rest] = typeof place === 'string' ? place.split('.') : place;
  if (rest.length === 0) return { ...claims, [member]: roles };
  const inner = claims[member] === undefined ? {} : claims[member];
  if (isObject(inner)) return { ...claims, [member]: withRoles(inner, rest, roles) };
  throw new TestIdpError(`roles belong in the claim ${member}, which is ${shown(inner)}: it must be an object.`);
}

/** Whatever else a user has is a claim, and may be anything. */
const USER_RULES: Readonly<Record<string, Rule>> = { sub: text, roles: listOfTexts };

/** The people there are, by the name tests call them. */
export class Users {
  readonly #users: Record<string, TestIdpUser>;

  constructor(initial: Readonly<Record<string, TestIdpUser>>) {
    this.#users = Object.fromEntries(
      Object.entries(initial).map(([name, user]) => {
        assertValues(user, USER_RULES, ` of user ${shown(name)}`);
        const copy = { preferred_username: name, ...copyOf(user) };
        return [name, checked(copy, (member, value) => this.assertMember(name, member, value))];
      }),
    );
    for (const name of this.names) this.assertSubject(name, this.subjectOf(name));
  }

  get names(): string[] {
    return Object.keys(this.#users);
  }

  get(name: string): TestIdpUser {
    const user = Object.hasOwn(this.#users, name) ? this.#users[name] : undefined;
    if (user !== undefined) return user;
    throw new TestIdpError(
      `The test identity provider has no user ${JSON.stringify(name)}. It has: ${this.names.join(', ') || 'nobody'}. ` +
        `Give it to startTestIdp({ users: { ${JSON.stringify(name)}: { roles: [] } } }).`,
    );
  }

  subjectOf(name: string): string {
    return this.get(name).sub ?? name;
  }

  /** Who has this `sub`. */
  nameOf(sub: string): string | undefined {
    return this.names.find((name) => this.subjectOf(name) === sub);
  }

  /** Whom a `login_hint` means: a name, a username or an e-mail address. */
  hinted(hint: string): string | undefined {
    if (Object.hasOwn(this.#users, hint)) return hint;
    return this.names.find((name) => {
      const { preferred_username, email } = this.get(name);
      return hint === preferred_username || hint === email;
    });
  }

  /** One that is set while the provider runs. */
  private assertMember(name: string, member: string, value: unknown): void {
    assertValues({ [member]: value }, USER_RULES, ` of user ${shown(name)}`);
    if (member === 'sub') this.assertSubject(name, (value as string | undefined) ?? name);
  }

  private assertSubject(name: string, sub: string): void {
    const other = this.names.find((someone) => someone !== name && this.subjectOf(someone) === sub);
    if (other === undefined) return;
    throw new TestIdpError(`Users ${shown(other)} and ${shown(name)} would both have the sub ${shown(sub)}.`);
  }
}
