// Global ids, read by a second implementation: base64url of a mark of six bytes and 8 bytes for each part of the key.
const MARK = 6;

/** The last part of an id's key (of a patient's entry: its number in its table), as decimal text. */
export function bare(id) {
  return Buffer.from(id, 'base64url').subarray(MARK).readBigInt64BE(Buffer.from(id, 'base64url').length - MARK - 8).toString();
}

/** The same value with every `id` in it made bare. */
export function bareIds(value) {
  if (Array.isArray(value)) return value.map(bareIds);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, name === 'id' ? bare(inner) : bareIds(inner)]));
}
