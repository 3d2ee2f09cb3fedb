import * as fc from 'fast-check';
import type { Genuine } from '../genuine.js';
import { encode, type Signer } from '../signer.js';
import { changedParts, type Kinds } from './kind.js';

/** Of tokens of which the signature alone is wrong. */
export function signatures(genuine: Genuine): Kinds {
  const { signer } = genuine;
  const numbers = numbersOf(signer);

  return {
    'bits flipped in the signature': changedParts(
      genuine,
      fc.array(fc.noBias(fc.nat()), { minLength: 1, maxLength: 3 }),
      ([head, body, tail], bits) => {
        const bytes = Buffer.from(tail, 'base64url');
        for (const bit of bits) bytes[(bit >> 3) % bytes.length]! ^= 1 << (bit & 7);
        return [head, body, encode(bytes)];
      },
    ),
    'a signature that is cut, longer, or in the encoding of OpenSSL': changedParts(
      genuine,
      fc.tuple(fc.nat(), fc.constantFrom('cut', 'cut before', 'longer', 'longer before', 'twice', 'der')),
      ([head, body, tail], [at, how]) => {
        const bytes = Buffer.from(tail, 'base64url');
        const more = Buffer.alloc(1 + (at % 64));
        const changed = {
          cut: bytes.subarray(0, at % bytes.length),
          'cut before': bytes.subarray(1 + (at % bytes.length)),
          longer: Buffer.concat([bytes, more]),
          'longer before': Buffer.concat([more, bytes]),
          twice: Buffer.concat([bytes, bytes]),
          der: derOf(bytes),
        };
        return [head, body, encode(changed[how])];
      },
    ),
    'a signature of zeros, of ones, or of the numbers of the key': changedParts(
      genuine,
      fc.tuple(fc.constantFrom(...numbers), fc.constantFrom(...numbers)),
      ([head, body], [one, other]) => [head, body, encode(signer.alg === 'RS256' ? one : Buffer.concat([one, other]))],
    ),
    'a signature of a length that no signature of the key has': changedParts(
      genuine,
      fc.tuple(fc.constantFrom(0x00, 0x01, 0xff), fc.nat(300)),
      ([head, body], [byte, length]) => [head, body, encode(Buffer.alloc(length, byte))],
    ),
    'a signature of any bytes': changedParts(
      genuine,
      fc.uint8Array({ minLength: bytesOf(signer), maxLength: bytesOf(signer) }),
      ([head, body], bytes) => [head, body, encode(Buffer.from(bytes))],
    ),
    'the numbers of the signature in another order, or beyond the greatest': changedParts(
      genuine,
      fc.constantFrom('swapped', 'reversed', 'beyond', 'negative first'),
      ([head, body, tail], how) => {
        const bytes = Buffer.from(tail, 'base64url');
        const half = bytes.length / 2;
        const [r, s] = [bytes.subarray(0, half), bytes.subarray(half)];
        const changed = {
          swapped: Buffer.concat([s, r]),
          reversed: Buffer.from(bytes.toReversed()),
          beyond: signer.alg === 'RS256' ? sum(bytes, numbers[0]!) : Buffer.concat([r, sum(s, numbers[0]!)]),
          'negative first': Buffer.concat([negative(r, numbers[0]!), s]),
        };
        return [head, body, encode(changed[how])];
      },
    ),
  };
}

const ORDER_OF_P256 = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';

function bytesOf({ alg, publicKey }: Signer): number {
  return alg === 'ES256' ? 64 : publicKey.asymmetricKeyDetails!.modulusLength! / 8;
}

/** The greatest number of the key's arithmetic first, then those around it and around zero. */
function numbersOf({ alg, publicKey }: Signer): Buffer[] {
  const greatest =
    alg === 'ES256'
      ? Buffer.from(ORDER_OF_P256, 'hex')
      : Buffer.from(publicKey.export({ format: 'jwk' }).n!, 'base64url');
  const beside = (last: number) => {
    const bytes = Buffer.from(greatest);
    bytes[bytes.length - 1] = last;
    return bytes;
  };
  const small = [0, 1, 2].map((last) => beside(last).fill(0, 0, greatest.length - 1));
  const near = [1, -1, 2, -2].map((by) => beside((greatest.at(-1)! + by) & 0xff));
  return [greatest, ...near, ...small, Buffer.alloc(greatest.length, 0xff)];
}

/** Fills the same number of bytes; what is carried beyond them is lost. */
function sum(one: Buffer, other: Buffer): Buffer {
  return filling(one.length, BigInt(`0x${one.toString('hex')}`) + BigInt(`0x${other.toString('hex')}`));
}

function negative(one: Buffer, modulus: Buffer): Buffer {
  const difference =
    BigInt(`0x${modulus.toString('hex').slice(0, one.length * 2)}`) - BigInt(`0x${one.toString('hex')}`);
  return filling(one.length, difference < 0n ? -difference : difference);
}

function filling(bytes: number, value: bigint): Buffer {
  return Buffer.from(
    value
      .toString(16)
      .padStart(bytes * 2, '0')
      .slice(-bytes * 2),
    'hex',
  );
}

/** r and s as a SEQUENCE of two INTEGERs (RFC 3279 §2.2.3), which is what OpenSSL itself writes. */
function derOf(signature: Buffer): Buffer {
  const half = signature.length / 2;
  const body = Buffer.concat([integer(signature.subarray(0, half)), integer(signature.subarray(half))]);
  return Buffer.concat([Buffer.from([0x30, ...lengthOf(body)]), body]);
}

function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = bytes.subarray(first === -1 ? bytes.length - 1 : first);
  const value = short[0]! >= 0x80 ? Buffer.concat([Buffer.alloc(1), short]) : short;
  return Buffer.concat([Buffer.from([0x02, ...lengthOf(value)]), value]);
}

function lengthOf({ length }: Buffer): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}
