import { describe, expect, it } from 'vitest';
import { Auth, Claims, OptionalAuth, Roles, Scopes, type ClaimConstraints } from '../../lib/index.js';

const refused = { code: 'options_invalid' };
const unset = process.env['NOT_SET'] as string;

describe('a constraint that every token would meet, or none, is an error where it is written', () => {
  it.each([
    ['a value that is not set', { department: unset }],
    ['null', { department: null as never }],
    ['an empty list', { groups: [] }],
    ['a list with a value that is not set', { groups: ['staff', unset] }],
    ['anyOf of nothing', { groups: { anyOf: [] } }],
    ['a misspelled anyOf', { groups: { anyof: ['staff'] } as never }],
    ['an object', { realm_access: { roles: ['admin'] } as never }],
    ['an empty path', { '': 'x' }],
  ] as [string, ClaimConstraints][])('%s', (_what, claims) => {
    expect(() => Claims(claims)).toThrow(expect.objectContaining(refused));
    expect(() => Auth({ claims })).toThrow(expect.objectContaining(refused));
    expect(() => OptionalAuth({ claims })).toThrow(expect.objectContaining(refused));
  });

  it.each([[''], [' '], [unset]])('the scope or role "%s"', (name) => {
    expect(() => Scopes('profile', name)).toThrow(expect.objectContaining(refused));
    expect(() => Roles('user', name)).toThrow(expect.objectContaining(refused));
    expect(() => Auth({ scopes: ['profile', name] })).toThrow(expect.objectContaining(refused));
    expect(() => Auth({ roles: ['user', name] })).toThrow(expect.objectContaining(refused));
  });

  it('says where and what', () => {
    expect(() => Claims({ department: unset })).toThrow(/@Claims\(\).*"department"/);
    expect(() => Scopes('')).toThrow(/@Scopes\(\)/);
    expect(() => Roles('')).toThrow(/@Roles\(\)/);
  });

  it('demanding nothing on purpose is none', () => {
    expect(() => [Claims({}), Scopes(), Roles(), Auth(), Auth({ scopes: [], claims: {}, roles: [] })]).not.toThrow();
  });
});
