// Global ids, read and made by a second implementation: base64url of a mark of six bytes and 8 bytes for each part of the
// key, and behind it the digits of a seal over those before: SipHash-2-4, under the first half of HMAC-SHA-256(secret, "ids").
import crypto from 'node:crypto';

const SEAL_DIGITS = 11;
const MASK = (1n << 64n) - 1n;
const rotate = (x, n) => ((x << n) | (x >> (64n - n))) & MASK;

/** SipHash-2-4 of `bytes` under a key of 16 bytes, as 8 bytes. */
export function sipHash(key, bytes) {
  const [k0, k1] = [key.readBigUInt64LE(0), key.readBigUInt64LE(8)];
  const v = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn, k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n];
  const half = (a, b, c, d, m, n) => { // two halves, on the other pairs, are a round
    v[a] = (v[a] + v[b]) & MASK;
    v[c] = (v[c] + v[d]) & MASK;
    v[b] = rotate(v[b], m) ^ v[a];
    v[d] = rotate(v[d], n) ^ v[c];
    v[a] = rotate(v[a], 32n);
  };
  const rounds = (n) => { for (; n > 0; n--) { half(0, 1, 2, 3, 13n, 16n); half(2, 1, 0, 3, 17n, 21n); } };
  const padded = Buffer.alloc((bytes.length >> 3) * 8 + 8);
  bytes.copy(padded);
  padded[padded.length - 1] = bytes.length;
  for (let at = 0; at < padded.length; at += 8) {
    const word = padded.readBigUInt64LE(at);
    v[3] ^= word;
    rounds(2);
    v[0] ^= word;
  }
  v[2] ^= 0xffn;
  rounds(4);
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(v[0] ^ v[1] ^ v[2] ^ v[3]);
  return out;
}

/** The key of the seals of ids; without a secret it is all zero. */
const idKey = (secret) => (secret ? crypto.createHmac('sha256', secret).update('ids').digest() : Buffer.alloc(32)).subarray(0, 16);

const unsealed = (id) => Buffer.from(id.slice(0, -SEAL_DIGITS), 'base64url');

/** The id with these bytes before its seal, from a server with this secret (a Buffer). */
export function sealed(bytes, secret) {
  const text = bytes.toString('base64url');
  return text + sipHash(idKey(secret), Buffer.from(text)).toString('base64url');
}

/** The last part of an id's key (of a patient's entry: its number in its table), as decimal text. */
export function bare(id) {
  const bytes = unsealed(id);
  return bytes.readBigInt64BE(bytes.length - 8).toString();
}

/** The id whose last part is `key` instead. */
export function withKey(id, key, secret) {
  const bytes = unsealed(id);
  bytes.writeBigInt64BE(BigInt(key), bytes.length - 8);
  return sealed(bytes, secret);
}

/** The id with one byte of its mark or key another. */
export function withByte(id, at, value, secret) {
  const bytes = unsealed(id);
  bytes[at] = value;
  return sealed(bytes, secret);
}

/** The same value with every `id` in it made bare. */
export function bareIds(value) {
  if (Array.isArray(value)) return value.map(bareIds);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, name === 'id' ? bare(inner) : bareIds(inner)]));
}

/** Every text that is `text` with one digit of base64url another: all digits at all places. */
export function otherDigits(text) {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return [...text].flatMap((have, at) => [...digits].filter((digit) => digit !== have).map((digit) => text.slice(0, at) + digit + text.slice(at + 1)));
}
