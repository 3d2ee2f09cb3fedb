import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * A refresh token is not stored anywhere: it is computed from the sealed seed of its session and the number of its
 * generation. base64url of: format (1) ‖ session id (16) ‖ generation (4) ‖ HMAC-SHA-256 (32). It has no dot, so nobody
 * takes it for a JWT.
 */
export interface RefreshToken {
  readonly sid: string;
  readonly generation: number;
  readonly mac: Buffer;
}

const FORMAT = 1;
const ID_BYTES = 16;
const GENERATION_BYTES = 4;
const MAC_BYTES = 32;
const BYTES = 1 + ID_BYTES + GENERATION_BYTES + MAC_BYTES;
const CHARACTERS = Math.ceil((BYTES * 4) / 3);

/** The refresh token of a generation of a session. */
export function refreshTokenOf(seed: string, sid: string, generation: number): string {
  const head = Buffer.alloc(1 + ID_BYTES + GENERATION_BYTES, FORMAT);
  Buffer.from(sid, 'base64url').copy(head, 1);
  head.writeUInt32BE(generation, 1 + ID_BYTES);
  return Buffer.concat([head, macOf(seed, sid, generation)]).toString('base64url');
}

/** Reads what was presented; `undefined` for anything that cannot be a refresh token of ours. */
export function parseRefreshToken(token: string): RefreshToken | undefined {
  if (token.length !== CHARACTERS || !/^[A-Za-z0-9_-]+$/.test(token)) return undefined;
  const bytes = Buffer.from(token, 'base64url');
  if (bytes[0] !== FORMAT || bytes.toString('base64url') !== token) return undefined;
  return {
    sid: bytes.subarray(1, 1 + ID_BYTES).toString('base64url'),
    generation: bytes.readUInt32BE(1 + ID_BYTES),
    mac: bytes.subarray(-MAC_BYTES),
  };
}

/** Whether it was made from this seed; in constant time. */
export function isGenuine({ sid, generation, mac }: RefreshToken, seed: string): boolean {
  return timingSafeEqual(mac, macOf(seed, sid, generation));
}

function macOf(seed: string, sid: string, generation: number): Buffer {
  const number = Buffer.alloc(GENERATION_BYTES);
  number.writeUInt32BE(generation);
  return createHmac('sha256', Buffer.from(seed, 'base64url'))
    .update('rt')
    .update(Buffer.from(sid, 'base64url'))
    .update(number)
    .digest();
}
