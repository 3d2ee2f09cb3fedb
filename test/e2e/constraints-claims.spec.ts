import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuthorizationConstraints, IdTokenClaims } from '../../lib/index.js';
import { adapters } from '../fixtures/adapters.js';
import { startConstrainedRoutes, type ConstrainedRoutes } from '../fixtures/constrained-routes.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';

const routes = {
  text: { claims: { department: 'research' } },
  number: { claims: { clearance: 3 } },
  flag: { claims: { email_verified: true } },
  no: { claims: { blocked: false } },
  list: { claims: { groups: ['staff', 'editors'] } },
  any: { claims: { groups: { anyOf: ['staff', 'editors'] } } },
  two: { claims: { department: 'research', 'realm_access.roles': ['admin'] } },
  deep: { claims: { 'a.b.c': 'x' } },
  'dotted-key': { claims: { 'https://example.org/team.name': 'blue' } },
  'dotted-client': { claims: { 'resource_access.my.web.client.roles': ['editor'] } },
  'every-client': { claims: { 'resource_access.*.roles': ['editor', 'viewer'] } },
  'by-function': { claims: { clearance: (value: unknown) => Number(value) >= 3 } },
  'by-token': { claims: { owner: (value: unknown, token: IdTokenClaims) => value === token.sub } },
  'by-promise': { claims: { clearance: (async () => true) as never } },
  'by-truthy': { claims: { clearance: ((value: unknown) => value) as never } },
  absent: { claims: { department: (value: unknown) => value === undefined } },
  prototype: { claims: { 'constructor.name': 'Object' } },
  inherited: { claims: { valueOf: (value: unknown) => value !== undefined } },
  proto: { claims: { '__proto__.admin': true } },
  'list-length': { claims: { 'groups.length': 1 } },
  'list-place': { claims: { 'groups.0': 'staff' } },
  'text-length': { claims: { 'department.length': 8 } },
} satisfies Record<string, AuthorizationConstraints>;

type Route = keyof typeof routes;

let op: TestOp;
beforeAll(async () => {
  op = await startOp({ signingAlgorithm: 'ES256' });
});
afterAll(() => op.close());

describe.each(adapters)('claims, on $name', (adapter) => {
  let api: ConstrainedRoutes<Route>;
  beforeAll(async () => {
    api = await startConstrainedRoutes(adapter, op, routes);
  });
  afterAll(() => api.close());

  const meanings: [sentence: string, route: Route, claims: object, allowed: boolean][] = [
    ['a value equals a scalar claim', 'text', { department: 'research' }, true],
    ['a value does not equal another', 'text', { department: 'Research' }, false],
    ['a value is contained in an array claim', 'text', { department: ['sales', 'research'] }, true],
    ['a value is not contained in a longer text', 'text', { department: 'research and sales' }, false],
    ['a claim that is absent meets nothing', 'text', {}, false],
    ['a claim that is null meets nothing', 'text', { department: null }, false],
    ['a claim that is an object meets no value', 'text', { department: { research: true } }, false],
    ['an array in an array is not looked into', 'text', { department: [['research']] }, false],
    ['a number equals a number', 'number', { clearance: 3 }, true],
    ['a number does not equal its text', 'number', { clearance: '3' }, false],
    ['true equals true', 'flag', { email_verified: true }, true],
    ['true does not equal its text', 'flag', { email_verified: 'true' }, false],
    ['false equals false', 'no', { blocked: false }, true],
    ['false does not equal an absent claim', 'no', {}, false],
    ['a list is met where all its values are present', 'list', { groups: ['x', 'editors', 'staff'] }, true],
    ['a list is not met where one is missing', 'list', { groups: ['staff'] }, false],
    ['a list of two is not met by a scalar', 'list', { groups: 'staff' }, false],
    ['anyOf is met by one of an array', 'any', { groups: ['x', 'editors'] }, true],
    ['anyOf is met by a scalar', 'any', { groups: 'staff' }, true],
    ['anyOf is not met by others', 'any', { groups: ['x'] }, false],
    ['all paths must be met', 'two', { department: 'research', realm_access: { roles: ['admin'] } }, true],
    ['one path alone is not enough', 'two', { department: 'research', realm_access: { roles: ['user'] } }, false],
    ['a path is followed', 'deep', { a: { b: { c: 'x' } } }, true],
    ['a path that ends early is not met', 'deep', { a: { b: 'x' } }, false],
    ['a key of two parts is part of a path', 'deep', { a: { 'b.c': 'x' } }, true],
    ['a key that holds the whole path wins', 'deep', { 'a.b.c': 'x', a: { b: { c: 'y' } } }, true],
    [
      'a key that holds the whole path wins also where it is not met',
      'deep',
      { 'a.b.c': 'y', a: { b: { c: 'x' } } },
      false,
    ],
    ['a URL is a path', 'dotted-key', { 'https://example.org/team.name': 'blue' }, true],
    ['a URL may be followed further', 'dotted-key', { 'https://example.org/team': { name: 'blue' } }, true],
    [
      'a client id with dots is part of a path',
      'dotted-client',
      { resource_access: { 'my.web.client': { roles: ['editor'] } } },
      true,
    ],
    [
      'a client id is not mistaken for a shorter one',
      'dotted-client',
      { resource_access: { 'my.web': { roles: ['editor'] } } },
      false,
    ],
    [
      'an asterisk stands for every member',
      'every-client',
      { resource_access: { one: { roles: ['viewer'] }, two: { roles: ['editor'] } } },
      true,
    ],
    [
      'an asterisk adds nothing that no member has',
      'every-client',
      { resource_access: { one: { roles: ['viewer'] }, two: { roles: ['viewer'] } } },
      false,
    ],
    ['a function decides on the value', 'by-function', { clearance: 4 }, true],
    ['a function refuses a value', 'by-function', { clearance: 2 }, false],
    ['a function sees the token', 'by-token', { owner: 'alice' }, true],
    ['a function that looks at the token refuses it', 'by-token', { owner: 'bob' }, false],
    ['a function sees undefined for an absent claim', 'absent', {}, true],
    ['a function that answers a promise never allows', 'by-promise', { clearance: 3 }, false],
    ['a function that answers something truthy does not allow', 'by-truthy', { clearance: 3 }, false],
    ['members of the prototype are not followed', 'prototype', {}, false],
    ['a member that every object has is no claim', 'inherited', {}, false],
    ['__proto__ of a token is a key like any other', 'proto', JSON.parse('{"__proto__":{"admin":false}}'), false],
    ['the length of an array is no claim', 'list-length', { groups: ['staff'] }, false],
    ['a place in an array is no claim', 'list-place', { groups: ['staff'] }, false],
    ['the length of a text is no claim', 'text-length', { department: 'research' }, false],
  ];

  it.each(meanings)('%s', async (_sentence, route, claims, allowed) => {
    expect(await api.allows(route, claims)).toBe(allowed);
  });

  it('a refusal names the path', async () => {
    const { message } = await api.ask('two', { department: 'research' });
    expect(message).toContain('realm_access.roles');
    expect(message).not.toContain('department');
  });
});
