import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import type { JsonWebKey } from 'node:crypto';
import type { Adapter } from '../server/adapters.js';

/** What a variant verifies against. */
export interface Issuer {
  readonly issuer: string;
  readonly audience: string;
  /** What its tokens are signed with: broker mode is its own issuer. */
  readonly signingKey: { readonly kid: string; readonly privateJwk: JsonWebKey };
}

/** A file of this folder exports `module`: an application with `GET /me`, answering `{ sub }` of the bearer token. */
export interface Variant {
  module(issuer: Issuer): Type | DynamicModule | Promise<DynamicModule>;
  /** What belongs to the application rather than to a module. */
  configure?(app: INestApplication, issuer: Issuer): Promise<void>;
}

export interface VariantEntry {
  /** The file in this folder, without ending. */
  readonly name: string;
  readonly title: string;
  /** Left out: all. */
  readonly adapters?: readonly Adapter[];
}

/** What all ratios refer to. */
export const baseline: VariantEntry = { name: 'bare', title: 'bare route' };

/** This library. */
export const product: VariantEntry = { name: 'oidc-guard', title: '`OidcGuard`' };

/** What a good developer writes himself. */
export const handWritten: VariantEntry = { name: 'jose-guard', title: 'guard by hand on jose' };

/** What Nest itself takes to refuse somebody. */
export const refusing: VariantEntry = { name: 'refusing-guard', title: 'guard that knows whom to refuse' };

/** To compare with one more way: add its file to this folder and a line here. */
export const variants: readonly VariantEntry[] = [
  baseline,
  product,
  { name: 'broker-guard', title: '`OidcGuard` in broker mode' },
  handWritten,
  { name: 'passport-jwt', title: 'passport-jwt and jwks-rsa', adapters: ['Express'] },
  { name: 'express-oauth2-jwt-bearer', title: 'express-oauth2-jwt-bearer', adapters: ['Express'] },
  { name: 'fastify-jwt', title: '@fastify/jwt and get-jwks', adapters: ['Fastify'] },
];
