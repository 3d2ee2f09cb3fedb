import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

describe('package.json', () => {
  it('asks the application for Nest 12 with what Nest itself needs, and for nothing else', () => {
    const optional = Object.keys(manifest.peerDependenciesMeta ?? {});
    const required = Object.entries(manifest.peerDependencies).filter(([name]) => !optional.includes(name));

    expect(Object.fromEntries(required)).toEqual({
      '@nestjs/common': '^12.1.0',
      '@nestjs/core': '^12.1.0',
      'reflect-metadata': '^0.1.12 || ^0.2.0',
      rxjs: '^7.1.0',
    });
  });

  it('marks every other peer as optional', () => {
    for (const [name, meta] of Object.entries(manifest.peerDependenciesMeta ?? {})) {
      expect([name, meta]).toEqual([name, { optional: true }]);
      expect(manifest.peerDependencies).toHaveProperty([name]);
    }
  });

  it('leaves databases to those who use them', () => {
    expect(Object.keys(manifest.peerDependenciesMeta)).toEqual([
      'better-sqlite3',
      'libsql',
      'mongoose',
      'mysql2',
      'pg',
      'typeorm',
    ]);
  });

  it('brings none of its peers along as a dependency of its own', () => {
    const both = Object.keys(manifest.dependencies).filter((name) => name in manifest.peerDependencies);

    expect(both).toEqual([]);
  });

  it('allows the Node versions that can require() an ES module', () => {
    expect(manifest.type).toBe('module');
    expect(manifest.engines.node).toBe('^20.19.0 || ^22.12.0 || >=24');
  });

  it('names the types of each entry before its code, with no condition that shuts out import or require', () => {
    for (const [entry, target] of Object.entries(manifest.exports).filter(([name]) => name !== './package.json')) {
      expect([entry, Object.keys(target as object)]).toEqual([entry, ['types', 'default']]);
    }
  });

  it('runs nothing on the machine that installs it', () => {
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare'].filter((name) => name in manifest.scripts);

    expect(hooks).toEqual([]);
  });
});
