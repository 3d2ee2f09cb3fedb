import { describe, expect, it } from 'vitest';
import { leadsThrough, mapAt, valuesAt } from './claim-path.js';

describe('a claim path', () => {
  it.each<[string, string, string, unknown, boolean]>([
    ['of one claim', 'groups', 'groups', [], true],
    ['of a member of it', 'realm_access.roles', 'realm_access', {}, true],
    ['of a member that it does not have', 'realm_access.roles', 'realm_access', 'none', true],
    ['of a claim with dots in its name', 'https://example.org/roles', 'https://example.org/roles', [], true],
    ['of a member of such a claim', 'https://example.org/team.name', 'https://example.org/team', {}, true],
    ['with a wildcard after the first part', 'resource_access.*.roles', 'resource_access', {}, true],
  ])('%s leads into it by its name, whatever it is: %s into %s', (_, path, name, value, leads) => {
    expect(leadsThrough(path, name, value)).toBe(leads);
  });

  it.each([
    ['realm_access.roles', 'realm'],
    ['realm_access.roles', 'roles'],
    ['realm_access', 'realm_access.roles'],
    ['groups', 'Groups'],
    ['groups', ''],
  ])('leads into no other: %s not into %s', (path, name) => {
    expect(leadsThrough(path, name, { roles: ['admin'] })).toBe(false);
  });

  it.each<[string, unknown, boolean]>([
    ['*.roles', { roles: ['admin'] }, true],
    ['*.roles', { roles: [] }, true],
    ['*.roles', { groups: [] }, false],
    ['*.roles', { app: { roles: ['admin'] } }, false],
    ['*.roles', ['roles'], false],
    ['*.roles', 'roles', false],
    ['*.roles', null, false],
    ['*.*.roles', { app: { roles: ['admin'] } }, true],
    ['*.app.roles', { 'app.roles': ['admin'] }, true],
    ['*', 'anything', true],
  ])('that begins with a wildcard leads where it finds something: %s, in %j: %s', (path, value, leads) => {
    expect(leadsThrough(path, 'claim', value)).toBe(leads);
  });

  it('leads through no member that every object has', () => {
    expect(leadsThrough('*.constructor', 'claim', {})).toBe(false);
    expect(leadsThrough('*.admin', '__proto__', {})).toBe(false);
  });
});

describe('what is changed at a path', () => {
  const hidden = (source: unknown, path: string) => mapAt(source, path, () => 'hidden');

  it.each<[string, string, object, object]>([
    ['one claim', 'a', { a: 1, b: 2 }, { a: 'hidden', b: 2 }],
    ['a member', 'a.b', { a: { b: 1, c: 2 }, b: 3 }, { a: { b: 'hidden', c: 2 }, b: 3 }],
    ['one of a name with dots', 'a.b.c', { 'a.b': { c: 1 } }, { 'a.b': { c: 'hidden' } }],
    [
      'each of several ways to read it',
      'a.b.c',
      { 'a.b.c': 1, 'a.b': { c: 2 }, a: { 'b.c': 3, b: { c: 4 } } },
      { 'a.b.c': 'hidden', 'a.b': { c: 'hidden' }, a: { 'b.c': 'hidden', b: { c: 'hidden' } } },
    ],
    ['every member for a wildcard', 'a.*', { a: { b: 1, c: [2] } }, { a: { b: 'hidden', c: 'hidden' } }],
    [
      'under every claim, for a wildcard that it begins with',
      '*.b',
      { a: { b: 1 }, c: { b: 2, d: 3 }, b: 4 },
      { a: { b: 'hidden' }, c: { b: 'hidden', d: 3 }, b: 4 },
    ],
    [
      'a claim that is called like the wildcard',
      '*.b',
      { '*.b': 1, '*': { b: 2 } },
      { '*.b': 'hidden', '*': { b: 'hidden' } },
    ],
    ['nothing where it leads nowhere', 'a.b.c', { a: { b: 'text' }, b: ['c'] }, { a: { b: 'text' }, b: ['c'] }],
  ])('is %s', (_, path, source, expected) => {
    const before = structuredClone(source);
    expect(hidden(source, path)).toEqual(expected);
    expect(source).toEqual(before);
  });

  it('is everything that could be found there', () => {
    const source = { 'x.y': { roles: 1 }, x: { y: { roles: 2 }, 'y.roles': 3 }, z: { w: { roles: 4 } } };
    for (const path of ['x.y.roles', '*.*.roles', '*.y.roles', 'x.*.roles', '*']) {
      expect(valuesAt(source, path), path).not.toEqual([]);
      expect(
        valuesAt(
          mapAt(source, path, () => undefined),
          path,
        ),
        path,
      ).toEqual([]);
    }
  });
});
