// Tokens that must be refused, each made from a good one by one change, and why they are: [name, the value of the
// Authorization header, the reason in tolqujat_tokens_refused_total]. And those that are as good as any.
import { createPublicKey } from 'node:crypto';
import { b64, jws, makeKey, now, signature } from './tokens.mjs';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The same bytes with other last bits, which no byte needs; null where there are none. */
function otherLastBits(part) {
  if (part.length % 4 === 0) return null;
  return part.slice(0, -1) + DIGITS[DIGITS.indexOf(part.at(-1)) + 1];
}

/** Of a header and claims as texts. */
function signed(key, header, claims) {
  return jws(header, claims, key.alg, key.privateKey);
}

function headers(keys, ec, rsa) {
  const stranger = makeKey('ES256', ec.kid);
  const pem = createPublicKey(rsa.privateKey).export({ type: 'spki', format: 'pem' });
  const withHeader = (header, key = ec) => keys.sign({}, { key, header });
  const hmac = (secret, kid) => jws({ alg: 'HS256', typ: 'at+jwt', kid }, keys.claims(), 'HS256', secret);
  const bare = (alg, kid = ec.kid) => jws({ alg, typ: 'at+jwt', kid }, keys.claims(), 'none');
  const attack = (extra) => jws({ alg: 'ES256', typ: 'at+jwt', kid: ec.kid, ...extra }, keys.claims(), 'ES256', stranger.privateKey);
  return [
    ['alg none, no signature', bare('none'), 'algorithm'],
    ['alg None', bare('None'), 'algorithm'],
    ['alg NONE', bare('NONE'), 'algorithm'],
    ['alg none under a good signature', withHeader({ alg: 'none' }), 'algorithm'],
    ['alg ES256, no signature', bare('ES256'), 'signature'],
    ['alg HS256 with the RSA key as PEM', hmac(pem, rsa.kid), 'algorithm'],
    ['alg HS256 with the modulus', hmac(Buffer.from(rsa.jwk.n, 'base64url'), rsa.kid), 'algorithm'],
    ['alg HS256 with an empty secret', hmac('', ec.kid), 'algorithm'],
    ...['RS384', 'PS256', 'ES384', 'ES512', 'ES256K', 'EdDSA', 'es256', 'ES256 ', ''].map((alg) => [`alg ${alg}`, withHeader({ alg }), 'algorithm']),
    ['alg of the other kind of key (RS256, EC)', withHeader({ alg: 'RS256' }), 'algorithm'],
    ['alg of the other kind of key (ES256, RSA)', withHeader({ alg: 'ES256' }, rsa), 'algorithm'],
    ...[undefined, null, 256, ['ES256'], { name: 'ES256' }].map((alg) => [`alg ${JSON.stringify(alg)}`, withHeader({ alg }), 'algorithm']),
    ...['JWS', 'dpop+jwt', 'logout+jwt', '', 7, null, ['JWT']].map((typ) => [`typ ${JSON.stringify(typ)}`, withHeader({ typ }), 'header']),
    ...[['exp'], [], ['b64'], null].map((crit) => [`crit ${JSON.stringify(crit)}`, withHeader({ crit, b64: false }), 'header']),
    ...[undefined, '', null, 7, ['a'], 'k'.repeat(129), 'k'.repeat(4000)].map((kid) => [`kid ${JSON.stringify(kid)?.slice(0, 20)} (${kid?.length})`, withHeader({ kid }), 'header']),
    ...['unknown', '../../dev/null', '/dev/null', "' OR 1=1 --", `${ec.kid} `, ec.kid.toUpperCase()].map((kid) => [`kid ${kid}`, withHeader({ kid }), 'key']),
    ['kid with U+0000', withHeader({ kid: `${ec.kid}\u0000` }), 'form'],
    ['jwk: the key that signed', attack({ jwk: stranger.jwk }), 'signature'],
    ['jku to where the key is', attack({ jku: 'https://evil.example/keys' }), 'signature'],
    ['x5u to where the key is', attack({ x5u: 'https://evil.example/cert' }), 'signature'],
    ['x5c with a certificate', attack({ x5c: ['MIIB'] }), 'signature'],
    ['jwk, and the kid of nobody', attack({ jwk: stranger.jwk, kid: 'mine' }), 'key'],
    ['a header that is a list', signed(ec, '["ES256"]', keys.claims()), 'form'],
    ['a header that is no JSON', signed(ec, 'ES256', keys.claims()), 'form'],
    ['a header with something behind it', signed(ec, `{"alg":"ES256","kid":"${ec.kid}"}{}`, keys.claims()), 'form'],
    ['alg twice', signed(ec, `{"alg":"none","alg":"ES256","kid":"${ec.kid}"}`, keys.claims()), 'form'],
    ['kid twice', signed(ec, `{"alg":"ES256","kid":"unknown","kid":"${ec.kid}"}`, keys.claims()), 'form'],
  ];
}

function claims(keys, ec) {
  const text = JSON.stringify(keys.claims());
  const header = { alg: 'ES256', typ: 'at+jwt', kid: ec.kid };
  const raw = (payload) => signed(ec, header, payload);
  const member = (name, value) => raw(text.replace(new RegExp(`("${name}":)("[^"]*"|[0-9]+)`), `$1${value}`));
  const list = (name, values, reason = 'claims') => values.map((value) =>
    [`${name} ${JSON.stringify(value)?.slice(0, 40)}`, keys.sign({ [name]: value }), reason]);
  const again = (name, value) => [`${name} twice`, raw(text.replace(/\}$/, `,"${name}":${JSON.stringify(value)}}`)), 'claims'];
  return [
    ['exp a minute and a second ago', keys.sign({ exp: now() - 61 }), 'expired'],
    ['exp 0', keys.sign({ exp: 0 }), 'expired'],
    ...list('exp', [undefined, null, String(now() + 600), true, -1, [now() + 600]]),
    ['exp 2^63', member('exp', '9223372036854775808'), 'claims'],
    ['exp 2^63 - 1', member('exp', '9223372036854775807'), 'claims'],
    ['exp as a fraction', member('exp', `${now() + 600}.0`), 'claims'],
    ['exp with an exponent', member('exp', '2e9'), 'claims'],
    ['nbf in two minutes', keys.sign({ nbf: now() + 120 }), 'early'],
    ...list('nbf', [String(now()), null, 1.5, -1]),
    ['iat in two minutes', keys.sign({ iat: now() + 120 }), 'early'],
    ...list('iat', ['now', null, -5]),
    ...list('iss', ['https://id.example.kz/', 'https://ID.example.kz', '', 'https://evil.example', 'https://id.example.kz\u0001'], 'issuer'),
    ...list('iss', [undefined, null, 7, ['https://id.example.kz']]),
    ...list('aud', ['another', 'tolqujat', 'tolqujat-test2', 'TOLQUJAT-TEST', '', ['another'], []], 'audience'),
    ...list('aud', [undefined, null, 7, { 0: 'tolqujat-test' }, ['tolqujat-test', 7], Array(17).fill('tolqujat-test')]),
    ...list('sub', [undefined, '', '58101138194', '5810113819440', '58101138194x', 581011381944, '٥٨١٠١١٣٨١٩٤٤', '581011381944\n', '581011381944/1', null]),
    ...list('role', [undefined, '', 'citizen', 'CITIZEN/1', 'CITIZEN DOCTOR', ['CITIZEN'], 'A'.repeat(33), 'ДОКТОР', null, 1]),
    ...list('org', ['', '12345678901', '1234567890123', 123456789012, null, '12345678901/', ['123456789012']]),
    ...list('name', ['', 7, null, 'a\nb', 'a\u007f', 'x'.repeat(257)]),
    ...list('act', ['app', null, {}, { sub: '' }, { sub: 7 }, { sub: 'a\nb' }, { sub: 'x'.repeat(129) }, [{ sub: 'app' }]]),
    ...list('jti', [7, '', 'x'.repeat(257)]),
    again('exp', now() + 9999),
    again('sub', '020905600020'),
    again('role', 'DOCTOR'),
    again('aud', 'tolqujat-test'),
    ['a member twice within another', raw(text.replace(/\}$/, ',"act":{"sub":"a","sub":"b"}}')), 'claims'],
    ['claims that are a list', raw(`[${text}]`), 'claims'],
    ['claims that are a text', raw(JSON.stringify(text)), 'claims'],
    ['claims that are no JSON', raw('claims'), 'claims'],
    ['claims with something behind them', raw(`${text},`), 'claims'],
    ['claims behind a byte order mark', raw(`\ufeff${text}`), 'claims'],
    ['claims with a zero byte behind them', raw(`${text}\u0000`), 'claims'],
    ['a token within a token', signed(ec, { ...header, cty: 'JWT' }, keys.sign()), 'claims'],
  ];
}

function shapes(keys, ec, rsa) {
  const good = keys.sign();
  const [header, payload, sig] = good.split('.');
  const bytes = Buffer.from(sig, 'base64url');
  const withSignature = (data) => `${header}.${payload}.${b64(data)}`;
  const zero = Buffer.alloc(32);
  const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
  const der = Buffer.concat([Buffer.from([0x30, 68, 2, 32]), bytes.subarray(0, 32), Buffer.from([2, 32]), bytes.subarray(32)]);
  const flipped = Buffer.from(bytes);
  flipped[40] ^= 1;
  /* The signature is over the parts as they stand, so it fits these. */
  const spelled = (change) => {
    const text = [header, payload].map(change).join('.');
    return `${text}.${signature(text, 'ES256', ec.privateKey)}`;
  };
  const unpaddable = (part, i) => (part.length % 4 ? part : b64(Buffer.concat([Buffer.from(part, 'base64url'), Buffer.from(' ')])));
  const [rsaHeader, rsaPayload, rsaSignature] = keys.sign({}, { key: rsa }).split('.');
  const padded = (size) => {
    const empty = keys.sign({ x: '' }).length;
    return keys.sign({ x: 'x'.repeat(Math.ceil((size - empty) * 3 / 4)) });
  };
  return [
    ['one dot', `${header}.${payload}`, 'form'],
    ['three dots', `${good}.`, 'form'],
    ['four dots, as an encrypted one has', `${good}.${payload}.${sig}`, 'form'],
    ['no dot', header, 'form'],
    ['only dots', '..', 'form'],
    ['a dot before it', `.${good}`, 'form'],
    ['no header', `.${payload}.${sig}`, 'form'],
    ['no claims', `${header}..${sig}`, 'signature'],
    ['no signature', `${header}.${payload}.`, 'signature'],
    ['header and claims exchanged', `${payload}.${header}.${sig}`, 'algorithm'],
    ['padding behind the signature', `${good}==`, 'signature'],
    ['padding behind the header', spelled((part, i) => (i === 0 ? `${part}=` : part)), 'form'],
    ['padding behind the claims', spelled((part, i) => (i === 1 ? `${part}=` : part)), 'form'],
    ['other last bits of the signature', `${header}.${payload}.${otherLastBits(sig)}`, 'signature'],
    ['other last bits of the header', spelled((part, i) => (i === 0 ? otherLastBits(unpaddable(part)) : part)), 'form'],
    ['other last bits of the claims', spelled((part, i) => (i === 1 ? otherLastBits(unpaddable(part)) : part)), 'form'],
    ['the digits + and /', spelled((part, i) => (i === 1 ? b64(JSON.stringify(keys.claims({ name: '~~~???~~~???' }))).replace(/-/g, '+').replace(/_/g, '/') : part)), 'form'],
    ['a blank in it', `${header}.${payload}. ${sig}`, 'signature'],
    ['a tab in it', `${header}.\t${payload}.${sig}`, 'form'],
    ['a byte beyond ASCII', `${header}.${payload}.${sig}\xe9`, 'signature'],
    ['half of it', good.slice(0, good.length / 2), 'form'],
    ['without its last character', good.slice(0, -1), 'signature'],
    ['over 8 KB', padded(8300), 'form'],
    ['r and s are 0', withSignature(Buffer.concat([zero, zero])), 'signature'],
    ['r is 0', withSignature(Buffer.concat([zero, bytes.subarray(32)])), 'signature'],
    ['s is 0', withSignature(Buffer.concat([bytes.subarray(0, 32), zero])), 'signature'],
    ['r and s are the order of the curve', withSignature(Buffer.concat([order, order])), 'signature'],
    ['r and s exchanged', withSignature(Buffer.concat([bytes.subarray(32), bytes.subarray(0, 32)])), 'signature'],
    ['the signature in DER', withSignature(der), 'signature'],
    ['a byte less', withSignature(bytes.subarray(0, 63)), 'signature'],
    ['a byte more', withSignature(Buffer.concat([bytes, Buffer.from([0])])), 'signature'],
    ['a bit of the signature', withSignature(flipped), 'signature'],
    ['the signature of another token', `${header}.${payload}.${keys.sign({ jti: 'other' }).split('.')[2]}`, 'signature'],
    ['another role under the same signature', `${header}.${b64(JSON.stringify(keys.claims({ role: 'DOCTOR' })))}.${sig}`, 'signature'],
    ['another header under the same signature', `${b64(JSON.stringify({ alg: 'ES256', kid: ec.kid }))}.${payload}.${sig}`, 'signature'],
    ['another key of the same id', keys.sign({}, { key: makeKey('ES256', ec.kid) }), 'signature'],
    ['another RSA key of the same id', keys.sign({}, { key: makeKey('RS256', rsa.kid) }), 'signature'],
    ['RSA: a bit of the signature', `${rsaHeader}.${rsaPayload}.${rsaSignature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))}`, 'signature'],
    ['RSA: all zero', `${rsaHeader}.${rsaPayload}.${b64(Buffer.alloc(256))}`, 'signature'],
    ['RSA: all ones', `${rsaHeader}.${rsaPayload}.${b64(Buffer.alloc(256, 0xff))}`, 'signature'],
    ['RSA: a byte less', `${rsaHeader}.${rsaPayload}.${b64(Buffer.from(rsaSignature, 'base64url').subarray(1))}`, 'signature'],
  ];
}

/** `keys`: a Keys whose list has an ES256 and an RS256 key. */
export function forgeries(keys) {
  const ec = keys.list.find((key) => key.alg === 'ES256');
  const rsa = keys.list.find((key) => key.alg === 'RS256');
  const good = keys.sign();
  const tokens = [...headers(keys, ec, rsa), ...claims(keys, ec), ...shapes(keys, ec, rsa)];
  return [
    ...tokens.map(([name, token, reason]) => [name, `Bearer ${token}`, reason]),
    ['an empty header', '', 'scheme'],
    ['Bearer alone', 'Bearer', 'scheme'],
    ['Bearer and a blank', 'Bearer ', 'scheme'],
    ['Basic', `Basic ${b64('user:password')}`, 'scheme'],
    ['Basic with a good token', `Basic ${good}`, 'scheme'],
    ['DPoP with a good token', `DPoP ${good}`, 'scheme'],
    ['a good token alone', good, 'scheme'],
    ['no blank between', `Bearer${good}`, 'scheme'],
    ['a tab between', `Bearer\t${good}`, 'scheme'],
    ['a colon', `Bearer: ${good}`, 'scheme'],
    ['quotes', `Bearer "${good}"`, 'form'],
    ['two tokens', `Bearer ${good} ${good}`, 'form'],
    ['two tokens with a comma', `Bearer ${good},${good}`, 'form'],
    ['the header twice', `Bearer ${good}\r\nAuthorization: Bearer ${good}`, 'form'],
    ['the header twice, the second empty', `Bearer ${good}\r\nAuthorization:`, 'signature'],
  ];
}

/** [name, the value of the header, what the claims say]. */
export function good(keys) {
  const ec = keys.list.find((key) => key.alg === 'ES256');
  const rsa = keys.list.find((key) => key.alg === 'RS256');
  const said = (name, claims_, options) => [name, `Bearer ${keys.sign(claims_, options)}`];
  return [
    said('ES256', {}, { key: ec }),
    said('RS256', {}, { key: rsa }),
    said('a list of audiences', { aud: ['another', keys.audience] }),
    said('no typ', {}, { header: { typ: undefined } }),
    said('typ JWT', {}, { header: { typ: 'JWT' } }),
    said('typ AT+JWT', {}, { header: { typ: 'AT+JWT' } }),
    said('typ with application/', {}, { header: { typ: 'application/at+jwt' } }),
    said('nbf at the edge', { nbf: now() + 50 }),
    said('iat at the edge', { iat: now() + 50 }),
    said('no iat', { iat: undefined }),
    said('exp at the edge', { exp: now() - 50 }),
    said('exp in a hundred years', { exp: now() + 100 * 366 * 86400 }),
    said('an organisation, a name, a client', { role: 'DOCTOR', org: '123456789012', name: 'Әнуар Ілияс', act: { sub: 'hospital-app', act: { sub: 'gateway' } } }),
    said('claims that nobody knows', { scope: 'a b', x: { y: [1] } }),
    said('headers that nobody looks at', {}, { header: { jku: 'https://x', x5u: 'https://x', x5t: 'x', cty: 'x' } }),
    ['bearer in lower case', `bearer ${keys.sign()}`],
    ['BEARER and two blanks', `BEARER  ${keys.sign()}`],
  ];
}
