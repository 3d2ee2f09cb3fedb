import { sign } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { accessTokenClaims } from './claims.js';
import type { SigningKey } from './keys.js';

/** The worker thread of `sign.ts`. */
const { key, issuer, count } = workerData as { key: Omit<SigningKey, 'jwk'>; issuer: string; count: number };

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const header = encode({ alg: key.alg, typ: 'at+jwt', kid: key.kid });

function signedToken(): string {
  const signed = `${header}.${encode(accessTokenClaims(issuer))}`;
  const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(Array.from({ length: count }, signedToken));
