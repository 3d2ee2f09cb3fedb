import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, scryptSync } from 'node:crypto';
import type { EncryptionKey } from '../options/oidc-auth-options.js';

/** What a ciphertext or derived key is for. A ciphertext of one purpose never opens as another. */
export type SealingPurpose = 'login-state' | 'record';

const FORMAT = 1;
const KEY_ID_BYTES = 8;
const SALT_BYTES = 16;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES + SALT_BYTES;

interface RingKey {
  readonly secret: Buffer;
  /** Names the key inside a ciphertext; derived one-way, so it tells nothing about the key. */
  readonly id: Buffer;
}

/**
 * Authenticated encryption (AES-256-GCM) under a ring of keys: the first seals, all open.
 *
 * Each ciphertext has a key and nonce of its own, derived (HKDF-SHA-256) from a ring key, 16 random bytes and the
 * purpose, so no nonce can ever repeat under one key. Layout, base64url encoded:
 * format (1) ‖ key id (8) ‖ salt (16) ‖ ciphertext ‖ tag (16).
 */
export class KeyRing {
  private readonly keys: readonly RingKey[];

  private constructor(secrets: readonly Buffer[]) {
    this.keys = secrets.map((secret) => ({ secret, id: derive(secret, '', 'key-id', KEY_ID_BYTES) }));
  }

  /** A ring of the configured keys, or of one random key that ends with the process where none is configured. */
  static from(keys: readonly EncryptionKey[]): KeyRing {
    if (keys.length === 0) return new KeyRing([randomBytes(32)]);
    return new KeyRing(
      keys.map((key) =>
        typeof key === 'string' ? Buffer.from(key, 'base64') : fromClientSecret(key.fromClientSecret),
      ),
    );
  }

  /** Encrypts under the first key; `context` must be the same when opening (associated data). */
  seal(purpose: SealingPurpose, context: string, plaintext: string): string {
    const key = this.keys[0]!;
    const salt = randomBytes(SALT_BYTES);
    const header = Buffer.concat([Buffer.of(FORMAT), key.id, salt]);
    const { cipherKey, nonce } = ciphertextKey(key.secret, salt, purpose);
    const cipher = createCipheriv('aes-256-gcm', cipherKey, nonce).setAAD(associatedData(header, context));
    const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    return Buffer.concat([header, body, cipher.getAuthTag()]).toString('base64url');
  }

  /** Decrypts what {@link seal} made; `undefined` for anything else, however it was tampered with. */
  open(purpose: SealingPurpose, context: string, sealed: string): string | undefined {
    if (!/^[A-Za-z0-9_-]+$/.test(sealed)) return undefined;
    const bytes = Buffer.from(sealed, 'base64url');
    // A second spelling of the same bytes would be a second identity of a one-time value.
    if (bytes.length <= HEADER_BYTES + TAG_BYTES || bytes.toString('base64url') !== sealed) return undefined;
    const header = bytes.subarray(0, HEADER_BYTES);
    const key = this.keys.find(({ id }) => id.equals(header.subarray(1, 1 + KEY_ID_BYTES)));
    if (header[0] !== FORMAT || key === undefined) return undefined;
    const { cipherKey, nonce } = ciphertextKey(key.secret, header.subarray(1 + KEY_ID_BYTES), purpose);
    const decipher = createDecipheriv('aes-256-gcm', cipherKey, nonce, { authTagLength: TAG_BYTES })
      .setAAD(associatedData(header, context))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES, -TAG_BYTES)), decipher.final()]).toString(
        'utf8',
      );
    } catch {
      return undefined;
    }
  }

  /** Whether a ciphertext names the key that seals now: others are to be sealed again. */
  isSealedByFirst(sealed: string): boolean {
    const header = Buffer.from(sealed.slice(0, 2 * HEADER_BYTES), 'base64url');
    return this.keys[0]!.id.equals(header.subarray(1, 1 + KEY_ID_BYTES));
  }

  /** An HMAC-SHA-256 of `value` under each key of the ring, the sealing key's first. */
  authenticate(label: string, value: string): string[] {
    return this.keys.map(({ secret }) =>
      createHmac('sha256', derive(secret, '', `hmac:${label}`, 32))
        .update(value)
        .digest('base64url'),
    );
  }
}

/**
 * Whoever holds a login state can try out secrets on it. scrypt (RFC 7914) makes each try cost what one boot costs, some
 * 50 ms and 16 MiB, which long secrets do not need and short ones do.
 */
function fromClientSecret(secret: string): Buffer {
  return scryptSync(secret, 'nestjs-oidc-auth:from-client-secret', 32, { N: 2 ** 14, r: 8, p: 1 });
}

function ciphertextKey(secret: Buffer, salt: Buffer, purpose: SealingPurpose): { cipherKey: Buffer; nonce: Buffer } {
  const material = derive(secret, salt, `seal:${purpose}`, 44);
  return { cipherKey: material.subarray(0, 32), nonce: material.subarray(32) };
}

function associatedData(header: Buffer, context: string): Buffer {
  return Buffer.concat([header, Buffer.from(context, 'utf8')]);
}

function derive(secret: Buffer, salt: Buffer | string, label: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, `nestjs-oidc-auth:${label}`, length));
}
