import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Genuine, Members } from './genuine.js';
import { doubled, twice, withMember } from './mutations/json.js';
import type { Kinds } from './mutations/index.js';
import { demanded } from './routes.js';
import { signed } from './signer.js';

const { role, scope, department } = demanded;

/** What looks like a word, and holds none that is it. */
const near = (word: string): Arbitrary<unknown> =>
  fc.oneof(
    fc.constantFrom<unknown>(
      word.toUpperCase(),
      word.slice(1),
      `${word}s`,
      `${word},`,
      `${word}\u00a0`,
      `${word}\t`,
      `${word}\u0000`,
      [[word]],
      [{ name: word }],
      { [word]: true },
      { name: word },
      { 0: word, length: 1 },
      { value: [word] },
      [null, `x${word}`],
      [...word],
      JSON.stringify([word]),
    ),
    fc.string({ minLength: 1 }).map((text) => `${word}-${text}`.replaceAll(' ', '')),
  );

/** Names that mean something to JavaScript. */
const inheritedNames = ['constructor', 'toString', 'toJSON', 'then', 'length', 'hasOwnProperty'];

/** Claims by which somebody is known, or allowed something, of whatever type. */
function oddClaims(): Arbitrary<Members> {
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.string({ unit: 'binary' }), fc.double({ noNaN: true }));
  const roles = fc.oneof(odd, near(role));
  const holders = fc.oneof(
    roles,
    fc.constantFrom<unknown>(role, [role], [{ roles: [role] }], { Roles: [role] }, { 'roles ': role }),
    roles.map((value) => ({ roles: value })),
  );
  return fc.record(
    {
      scope: fc.oneof(odd, near(scope)),
      scp: fc.oneof(odd, near(scope)),
      roles,
      groups: roles,
      realm_access: holders,
      resource_access: fc.oneof(holders, fc.dictionary(fc.constantFrom('confidential-client', '*', ''), roles)),
      department: fc.oneof(odd, near(department)),
      client_id: odd,
      azp: odd,
      sid: odd,
      jti: odd,
      email: odd,
      email_verified: odd,
      preferred_username: odd,
      username: odd,
      name: odd,
      given_name: odd,
      family_name: odd,
      auth_time: odd,
      ['__proto__']: fc.constant({ roles: [role], scope, department, realm_access: { roles: [role] } }),
      ...Object.fromEntries(inheritedNames.map((name) => [name, odd])),
    },
    { requiredKeys: [] },
  );
}

/** Many in one token: none of them must do. */
function nearClaims(): Arbitrary<Members> {
  const [roles, scopes] = [near(role), near(scope)];
  return fc.record({
    scope: scopes,
    scp: scopes,
    roles,
    groups: roles,
    realm_access: roles.map((value) => ({ roles: value, [role]: value })),
    resource_access: roles.map((value) => ({
      'confidential-client': { roles: value },
      'another-client': { roles: [role] },
    })),
    department: near(department),
  });
}

const nestings = {
  arrays: (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`,
  objects: (depth: number) => `${'{"":'.repeat(depth)}0${'}'.repeat(depth)}`,
  roles: (depth: number) => `${'{"roles":'.repeat(depth)}[]${'}'.repeat(depth)}`,
} as const;

/** As many characters as a header has room for, in base64. */
const MOST_CHARACTERS = 9_000;

/** Where what is nested is looked for, and elsewhere. */
const nestedAt = [
  'x',
  'roles',
  'groups',
  'realm_access',
  'resource_access',
  'scope',
  'scp',
  'department',
  'email',
  'sid',
];

const numbers = [
  '1e400',
  '-1e400',
  '1e-400',
  '-0',
  '0',
  '1e21',
  '9007199254740993',
  '4102444800.5',
  '4102444800',
  '1E1',
];

/**
 * Tokens that the issuer has signed, whatever they say: they are accepted where jose does it, and meet no constraint of
 * {@link demanded}.
 */
export function oddTokensOf({ header, payload, payloads, signer, strangers }: Genuine): Kinds {
  const head = JSON.stringify(header);
  const andMore = (members: Arbitrary<Members>) =>
    fc.tuple(payloads, members).map(([claims, more]) => signed(signer, head, twice(claims, {}, more)));
  const jwk = strangers[0]!.publicKey.export({ format: 'jwk' });

  return {
    'claims of any type': andMore(oddClaims()),
    'words near to those that are demanded, wherever they are looked for': andMore(nearClaims()),
    'registered claims of any type, or none': payloads.chain((claims) =>
      withMember(claims, ['iss', 'aud', 'exp', 'sub', 'iat', 'scope', 'azp', 'realm_access']).map((text) =>
        signed(signer, head, text),
      ),
    ),
    'a claim doubled': payloads.chain((claims) => doubled(claims).map((text) => signed(signer, head, text))),
    'a role, a scope or a department that a later member takes back': fc
      .tuple(
        payloads,
        fc.constantFrom<readonly [Members, Members]>(
          [{ roles: [role] }, { roles: [] }],
          [{ realm_access: { roles: [role] } }, { realm_access: {} }],
          [{ groups: role }, { groups: null }],
          [{ scp: scope }, { scp: '' }],
          [{ department }, { department: `no ${department}` }],
        ),
      )
      .map(([claims, [before, after]]) => signed(signer, head, twice(claims, before, after))),
    'a header member of any type, or none': fc
      .tuple(payloads, withMember({ ...header, cty: 'JWT', zip: 'DEF', b64: false, jwk, jku: 'x', x5c: [], enc: 'x' }))
      .map(([claims, text]) => signed(signer, text, JSON.stringify(claims))),
    'a header member doubled': fc
      .tuple(payloads, doubled(header))
      .map(([claims, text]) => signed(signer, text, JSON.stringify(claims))),
    'nesting without end': fc
      .tuple(
        payloads,
        fc.constantFrom(...nestedAt),
        fc.constantFrom(...Object.keys(nestings)) as Arbitrary<keyof typeof nestings>,
        fc.oneof(fc.constant(1), fc.noBias(fc.double({ min: 0.01, max: 1, noNaN: true }))),
      )
      .map(([claims, name, shape, fill]) => {
        const characters = nestings[shape](100).length / 100;
        const value = nestings[shape](Math.floor((MOST_CHARACTERS * fill) / characters));
        return signed(signer, head, `${JSON.stringify(claims).slice(0, -1)},${JSON.stringify(name)}:${value}}`);
      }),
    'more members than anybody reads': andMore(
      fc
        .tuple(
          fc.constantFrom(...nestedAt),
          fc.integer({ min: 100, max: 900 }),
          fc.constantFrom('list', 'object', 'words'),
        )
        .map(([name, size, shape]) => {
          const names = Array.from({ length: size }, (_, index) => `r${index}`);
          const value = {
            list: names,
            object: Object.fromEntries(names.map((each) => [each, 1])),
            words: names.join(' '),
          };
          return { [name]: value[shape as keyof typeof value] };
        }),
    ),
    'numbers that JSON can write': fc
      .tuple(payloads, fc.constantFrom('exp', 'iat', 'nbf', 'sub', 'auth_time', 'roles'), fc.constantFrom(...numbers))
      .map(([claims, name, number]) =>
        signed(signer, head, `${JSON.stringify({ ...payload, ...claims }).slice(0, -1)},"${name}":${number}}`),
      ),
    'a subject of any characters': andMore(
      fc
        .oneof(fc.string({ unit: 'binary', minLength: 1 }), fc.constantFrom('\ud800', 'a\r\nb', '\u0000'))
        .map((sub) => ({ sub })),
    ),
  };
}

/** What an issuer says that may claim no such role. */
export function boundedRolesOf({ header, payloads, signer }: Genuine): Kinds {
  const named = fc.constantFrom<Members>(
    { roles: [role] },
    { roles: role },
    { groups: [role] },
    { realm_access: { roles: [role] } },
    { resource_access: { 'confidential-client': { roles: [role] } } },
    { 'realm_access.roles': [role] },
    { realm_access: { roles: ['clerk', role] }, roles: ['clerk', role, 'clerk'] },
    { 'resource_access.confidential-client': { roles: [role] } },
    { resource_access: { 'confidential-client.roles': [role] } },
  );
  const depth = fc.nat(4);
  return {
    'roles that are not for the issuer to give': fc
      .tuple(payloads, fc.array(named, { minLength: 1, maxLength: 3 }), depth, fc.string())
      .map(([claims, roles, times, inner]) => {
        const name = inner === '' ? 'x' : inner;
        const nested = Array.from({ length: times }).reduce<Members>((value) => ({ [name]: value }), { roles: [role] });
        const all = Object.assign({}, ...roles, { nested }) as Members;
        return signed(signer, JSON.stringify(header), twice(claims, {}, all));
      }),
  };
}
