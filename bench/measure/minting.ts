import { NestFactory } from '@nestjs/core';
import { createPrivateKey, randomUUID, webcrypto } from 'node:crypto';
import { TokenBroker } from '../../lib/index.js';
import type { Issuer } from '../variants/index.js';
import { module } from '../variants/broker-guard.js';
import type { Plan } from './plan.js';

/** How many tokens were minted, and how many bare signatures of as many bytes were made, in a second. */
export interface Minting {
  /** How many at a time. */
  readonly atOnce: number;
  /** One for each round, at the same places. */
  readonly mints: readonly number[];
  readonly signatures: readonly number[];
}

/** What a token costs beyond its signature; both in turns, with the same primitive (WebCrypto) and the same key. */
export async function minting(issuer: Issuer, plan: Plan): Promise<Minting[]> {
  const app = await NestFactory.createApplicationContext(await module(issuer), { logger: ['error', 'warn'] });
  const broker = app.get(TokenBroker);
  const mint = async (): Promise<string> => {
    const { access_token: token } = await broker.mint({
      sub: randomUUID(),
      scope: 'openid profile email',
      roles: ['admin', 'user'],
      preferred_username: 'ada',
      name: 'Ada Lovelace',
      email: 'ada@example.org',
    });
    return token;
  };
  const token = await mint();
  const signingInput = Buffer.from(token.slice(0, token.lastIndexOf('.')));
  const key = await webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey({ key: issuer.signingKey.privateJwk, format: 'jwk' }).export({ type: 'pkcs8', format: 'der' }),
    { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  const sign = (): Promise<ArrayBuffer> => webcrypto.subtle.sign('RSASSA-PKCS1-v1_5', key, signingInput);

  const results: Minting[] = [];
  for (const atOnce of [1, 16]) {
    const mints: number[] = [];
    const signatures: number[] = [];
    for (let round = 0; round < 2 * plan.rounds + 1; round++) {
      const figures = [await perSecond(sign, atOnce, plan), await perSecond(mint, atOnce, plan)] as const;
      // The first round is the compiler's.
      if (round === 0) continue;
      signatures.push(figures[0]);
      mints.push(figures[1]);
    }
    results.push({ atOnce, mints, signatures });
  }
  await app.close();
  return results;
}

async function perSecond(work: () => Promise<unknown>, atOnce: number, plan: Plan): Promise<number> {
  const until = performance.now() + plan.milliseconds;
  const started = performance.now();
  let done = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < until) {
      await work();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return (done / (performance.now() - started)) * 1000;
}
