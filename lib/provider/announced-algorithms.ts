import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../options/signature-algorithms.js';

/**
 * How an identity provider signs, as its metadata says (OpenID Connect Discovery §3): there is no member for access
 * tokens. Symmetric algorithms are not learned from it. RS256, which each must support, where it says nothing of use.
 */
export function announcedAlgorithms(metadata: Readonly<Record<string, unknown>>): readonly SignatureAlgorithm[] {
  const announced = metadata['id_token_signing_alg_values_supported'];
  const usable = SIGNATURE_ALGORITHMS.filter((name) => Array.isArray(announced) && announced.includes(name));
  return usable.length > 0 ? usable : ['RS256'];
}
