// Tokens as an identity provider would issue them, by node's own cryptography: keys, a JWKS file, a secret, and the
// flags of a server that takes these tokens.
//
//   const keys = makeKeys();
//   const server = await startServer({ database, tokens: keys });
//   await server.graphql(query, variables, { headers: keys.bearer({ role: 'DOCTOR', sub: IIN, org: BIN }) });
//   after(() => keys.remove());
import { createHmac, generateKeyPairSync, randomBytes, sign as signBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { atExit } from './run.mjs';

export const b64 = (data) => Buffer.from(data).toString('base64url');
export const now = () => Math.floor(Date.now() / 1000);

/** A pair of keys: { alg, kid, privateKey, jwk } (the JWK is the public half). */
export function makeKey(alg = 'ES256', kid = `test-${alg}-${randomBytes(4).toString('hex')}`, { bits = 2048, curve = 'P-256' } = {}) {
  const { privateKey, publicKey } = alg === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: curve })
    : generateKeyPairSync('rsa', { modulusLength: bits });
  return { alg, kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), alg, use: 'sig', kid } };
}

/** The signature of `text` by `alg`: ES256, RS256, none, or HS256 with `key` as its secret. */
export function signature(text, alg, key) {
  if (alg === 'none') return '';
  if (alg === 'HS256') return createHmac('sha256', key).update(text).digest('base64url');
  return signBytes('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

/** A compact JWS of a header and a payload, each an object or a text. */
export function jws(header, payload, alg, key) {
  const text = [header, payload].map((part) => b64(typeof part === 'string' ? part : JSON.stringify(part))).join('.');
  return `${text}.${signature(text, alg, key)}`;
}

export class Keys {
  constructor() {
    this.dir = mkdtempSync(path.join(tmpdir(), 'tolqujat-keys-'));
    this.file = path.join(this.dir, 'keys.jwks');
    this.secret = path.join(this.dir, 'secret');
    this.issuer = 'https://id.example.kz';
    this.audience = 'tolqujat-test';
    this.list = [makeKey('ES256')];
    this.publish();
    writeFileSync(this.secret, randomBytes(32), { mode: 0o600 });
    this.remove = () => {
      rmSync(this.dir, { recursive: true, force: true });
      this.forget();
    };
    this.forget = atExit(this.remove);
  }

  /** Flags of a server that takes these tokens. */
  get flags() {
    return ['--access', 'tokens', '--token-keys', this.file, '--token-issuer', this.issuer, '--token-audience', this.audience,
      '--secret', this.secret];
  }

  /** Writes the JWKS, by an atomic rename: `list` replaces the keys, `text` the whole file. */
  publish({ list = this.list, text = JSON.stringify({ keys: list.map((key) => key.jwk) }) } = {}) {
    this.list = list;
    writeFileSync(`${this.file}.new`, text);
    renameSync(`${this.file}.new`, this.file);
  }

  /** The claims of a good token, with those given in their place; one that is undefined is left out. */
  claims(claims = {}) {
    return { iss: this.issuer, aud: this.audience, exp: now() + 600, iat: now(), role: 'CITIZEN', sub: '581011381944', ...claims };
  }

  /** A signed token. `header` is merged into { alg, typ, kid }. */
  sign(claims = {}, { key = this.list[0], header = {} } = {}) {
    return jws({ alg: key.alg, typ: 'at+jwt', kid: key.kid, ...header }, this.claims(claims), key.alg, key.privateKey);
  }

  /** The header of a request that brings such a token. */
  bearer(claims, options) {
    return { Authorization: `Bearer ${this.sign(claims, options)}` };
  }
}

export const makeKeys = () => new Keys();

/** The organisation for which somebody is a payer, or the contact centre. */
export const officeOf = (database, role = 'PAYER') => database.value(`SELECT bin FROM national_office WHERE role = '${role}'`);
