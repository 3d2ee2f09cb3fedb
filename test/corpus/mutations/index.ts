import type { Genuine } from '../genuine.js';
import type { Kinds } from './kind.js';
import { ofOtherKeys } from './keys.js';
import { signatures } from './signatures.js';
import { signedClaims } from './signed-claims.js';
import { signedHeaders } from './signed-headers.js';
import { spellings } from './spellings.js';
import { underASignature } from './under-a-signature.js';

export type { Kinds } from './kind.js';
export { damagedCharacters } from './spellings.js';

/** What each kind yields differs from every genuine token, or is signed and says something that must be refused. */
export function mutationsOf(genuine: Genuine): Kinds {
  return {
    ...underASignature(genuine),
    ...ofOtherKeys(genuine),
    ...signedHeaders(genuine),
    ...signedClaims(genuine),
    ...signatures(genuine),
    ...spellings(genuine),
  };
}
