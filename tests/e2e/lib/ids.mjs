// Global ids, read by a second implementation: base64url of a mark of six bytes and 8 bytes for each part of the key.

/** The last part of an id's key (of a patient's entry: its number in its table), as decimal text. */
export function bare(id) {
  const bytes = Buffer.from(id, 'base64url');
  return bytes.readBigInt64BE(bytes.length - 8).toString();
}

/** The id whose last part is `key` instead. */
export function withKey(id, key) {
  const bytes = Buffer.from(id, 'base64url');
  bytes.writeBigInt64BE(BigInt(key), bytes.length - 8);
  return bytes.toString('base64url');
}

/** The same value with every `id` in it made bare. */
export function bareIds(value) {
  if (Array.isArray(value)) return value.map(bareIds);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, name === 'id' ? bare(inner) : bareIds(inner)]));
}
