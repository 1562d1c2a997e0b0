// graphql 17 calls Array.prototype.toSorted and toReversed, which Node 18 does not have.
const missing = {
  toSorted(compare) { return [...this].sort(compare); },
  toReversed() { return [...this].reverse(); },
};
for (const [name, value] of Object.entries(missing)) {
  if (!Array.prototype[name]) Object.defineProperty(Array.prototype, name, { value, configurable: true, writable: true });
}
