// graphql 17 calls Array.prototype.toSorted, which Node 18 does not have.
if (!Array.prototype.toSorted) {
  Object.defineProperty(Array.prototype, 'toSorted', {
    value(compare) { return [...this].sort(compare); },
    configurable: true, writable: true,
  });
}
