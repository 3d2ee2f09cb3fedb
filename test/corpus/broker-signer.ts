import { createPrivateKey } from 'node:crypto';
import { SigningKeys } from '../../lib/broker/issuing/signing-keys.js';
import type { RunningBroker } from '../fixtures/broker.js';
import { signerWith, type Signer } from './signer.js';

/** The key that an application in broker mode signs with: for this, its innermost has to be opened. */
export async function signerOfBroker({ app }: RunningBroker): Promise<Signer> {
  const keys = app.get(SigningKeys, { strict: false });
  const { kid, alg } = await keys.signer();
  const { privateJwk } = keys.list.find((key) => key.kid === kid)!;
  return signerWith(kid, alg, createPrivateKey({ key: privateJwk as never, format: 'jwk' }));
}

export const jwksUriOf = ({ url }: RunningBroker): string => `${url}/auth/v2/.well-known/jwks.json`;
