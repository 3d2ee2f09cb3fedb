/** The people of the demo identity provider. They differ in role and department, so that each is refused somewhere. */
export interface DemoUser {
  readonly username: string;
  readonly password: string;
  readonly name: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly email: string;
  readonly department: string;
  readonly roles: readonly string[];
}

export const users: readonly DemoUser[] = [
  {
    username: 'alice',
    password: 'wonderland',
    name: 'Alice Liddell',
    givenName: 'Alice',
    familyName: 'Liddell',
    email: 'alice@example.org',
    department: 'engineering',
    roles: ['admin', 'user'],
  },
  {
    username: 'bob',
    password: 'builder',
    name: 'Bob Builder',
    givenName: 'Bob',
    familyName: 'Builder',
    email: 'bob@example.org',
    department: 'finance',
    roles: ['user'],
  },
];

export const userNamed = (username: string | undefined): DemoUser | undefined =>
  users.find((user) => user.username === username);

export const signIn = (username: string | null, password: string | null): DemoUser | undefined =>
  users.find((user) => user.username === username?.trim().toLowerCase() && user.password === password);

/** What the provider says about a user, in the ID token, at userinfo, and in access tokens. */
export function claimsOf(user: DemoUser): Record<string, unknown> {
  return {
    preferred_username: user.username,
    name: user.name,
    given_name: user.givenName,
    family_name: user.familyName,
    email: user.email,
    email_verified: true,
    department: user.department,
    realm_access: { roles: user.roles },
  };
}
