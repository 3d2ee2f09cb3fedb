import { isUtf8 } from 'node:buffer';
import { OidcAuthError } from '../errors/oidc-auth-error.js';

/** Members of a JSON object that nobody has vouched for yet. */
export type UnverifiedMembers = Readonly<Record<string, unknown>>;

/** A JWT in the compact serialization of a JWS (RFC 7515 §7.1), taken apart and read once. Nothing of it is verified. */
export interface CompactJws {
  readonly header: UnverifiedMembers;
  readonly claims: UnverifiedMembers;
  /** What the signature is over (RFC 7515 §5.2): ASCII. */
  readonly signingInput: string;
  readonly signature: Buffer;
}

/** @throws {@link OidcAuthError} `token_malformed` for anything but three parts, of which the first two are JSON objects */
export function parseCompactJws(token: string): CompactJws {
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (first === -1 || second === -1 || token.includes('.', second + 1)) throw malformed();
  return {
    header: decodedObject(token.slice(0, first)),
    claims: decodedObject(token.slice(first + 1, second)),
    signingInput: token.slice(0, second),
    signature: decoded(token.slice(second + 1)),
  };
}

function decodedObject(part: string): UnverifiedMembers {
  const bytes = decoded(part);
  if (!isUtf8(bytes)) throw malformed();
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw malformed(cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed();
  return value as UnverifiedMembers;
}

/** RFC 7515 §2: base64url without padding. Only its one canonical spelling, so that each token has only one, too. */
function decoded(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) throw malformed();
  return bytes;
}

function malformed(cause?: unknown): OidcAuthError {
  return new OidcAuthError('token_malformed', 'The token is not a well-formed JWT.', { cause });
}
