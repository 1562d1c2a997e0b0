// HTTP/1.1 by raw bytes, against server/http alone: what good clients send in every split, what bad ones send, limits,
// order, and the ends of connections. Every server here ends with its loop empty, or the test fails.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { startFixture } from './lib/fixture.mjs';
import { connect, exchange } from './lib/http.mjs';
import { sleep, until } from './lib/run.mjs';

const get = (path = '/ok', fields = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const text = (response) => response.body.toString();

let server;
before(async () => { server = await startFixture(); });
after(() => server.stop());

/** Sends bytes, ends the sending side, gives all responses. */
async function all(bytes, port = server.port) {
  const connection = await connect(port);
  try {
    await connection.send(bytes);
    connection.end();
    return await connection.rest();
  } finally {
    connection.destroy();
  }
}

/** One refusal: that status, an error in JSON that says something, and the connection ends. */
async function refused(bytes, status, pattern, port = server.port) {
  const connection = await connect(port);
  try {
    await connection.send(bytes);
    const response = await connection.response();
    assert.equal(response.status, status, `${JSON.stringify(bytes.toString().slice(0, 80))}: ${text(response)}`);
    const { errors: [error] } = JSON.parse(text(response));
    assert.ok(error.message.length > 10 && error.extensions.code, text(response));
    if (pattern) assert.match(error.message, pattern);
    assert.equal(response.headers.connection, 'close');
    await connection.close({ ms: 15_000 });
    assert.equal(connection.bytes.length, 0, 'nothing behind the refusal');
  } finally {
    connection.destroy();
  }
}

describe('good requests', () => {
  test('keep-alive, and the fields of a reply', async () => {
    const connection = await connect(server.port);
    const ids = new Set();
    for (let i = 0; i < 3; i++) {
      await connection.send(get());
      const response = await connection.response();
      assert.equal(response.status, 200);
      assert.equal(text(response), 'ok');
      assert.equal(response.headers['content-length'], '2');
      assert.equal(response.headers['cache-control'], 'no-store');
      assert.equal(response.headers['x-content-type-options'], 'nosniff');
      assert.ok(Math.abs(Date.parse(response.headers.date) - Date.now()) < 5000);
      assert.match(response.headers['x-request-id'], /^[0-9a-f]{16}$/);
      ids.add(response.headers['x-request-id']);
    }
    assert.equal(ids.size, 3);
    connection.destroy();
  });

  test('what a handler sees', async () => {
    const response = await exchange(server.port, 'POST /seen?a=b?c HTTP/1.1\r\nhOsT:\ta.kz:80 \r\nAccept: x\r\nOther: y\r\n'
      + 'ACCEPT:  z  \r\nContent-Type: application/json ; a=b\t\r\nAuthorization: Bearer t\r\nOrigin: https://o\r\n'
      + 'Accept-Language: kk\r\nEmpty:\r\nContent-Length: 4\r\n\r\nbody');
    assert.deepEqual(JSON.parse(text(response)), {
      method: 'POST', path: '/seen', query: 'a=b?c', contentType: 'application/json ; a=b', accept: 'x, z',
      acceptLanguage: 'kk', origin: 'https://o', authorization: 'Bearer t', body: 'body',
    });
  });

  test('targets in absolute form, and others', async () => {
    for (const [target, path, query] of [['http://other.kz/seen', '/seen', ''], ['http://other.kz/seen?q', '/seen', 'q']]) {
      const { path: gotPath, query: gotQuery } = JSON.parse(text(await exchange(server.port, get(target))));
      assert.deepEqual([gotPath, gotQuery], [path, query]);
    }
    assert.equal((await exchange(server.port, get('http://other.kz'))).status, 404);
    assert.equal((await exchange(server.port, 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n')).status, 404);
  });

  test('HEAD has the head of GET and no body', async () => {
    const connection = await connect(server.port);
    await connection.send(get('/ok').replace('GET', 'HEAD') + get('/stream?3').replace('GET', 'HEAD') + get());
    const first = await connection.response({ head: true });
    assert.equal(first.headers['content-length'], '2');
    assert.equal((await connection.response({ head: true })).headers['transfer-encoding'], 'chunked');
    assert.equal(text(await connection.response()), 'ok');
    connection.destroy();
  });

  test('HTTP/1.0: closed unless asked to stay, no chunks', async () => {
    assert.equal((await all('GET /ok HTTP/1.0\r\n\r\n')).length, 1);
    const [stay] = await all('GET /ok HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    assert.equal(stay.headers.connection, 'keep-alive');
    const [stream] = await all('GET /stream?5 HTTP/1.0\r\n\r\n');
    assert.equal(stream.headers['transfer-encoding'], undefined);
    assert.equal(stream.body.length, 5 * 32768);
  });

  test('a head that began behind a reply that is the last keeps nobody: the body ends with the connection', async () => {
    const connection = await connect(server.port);
    await connection.send('GET /late?100 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGE');
    const late = new Promise((_, reject) => { setTimeout(reject, 10_000, new Error('the connection stays open')).unref(); });
    assert.equal((await Promise.race([connection.response(), late])).body.length, 3 * 32768);
    connection.destroy();
  });

  test('split at every byte', async () => {
    const bytes = Buffer.from('POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX-Long: abc def\r\n\r\n'
      + '3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: x\r\n\r\n');
    for (let at = 1; at < bytes.length; at++) {
      const connection = await connect(server.port);
      await connection.send(bytes.subarray(0, at));
      await new Promise(setImmediate);
      await connection.send(Buffer.concat([bytes.subarray(at), Buffer.from(get())]));
      assert.equal(text(await connection.response()), 'abcde', `split at ${at}`);
      assert.equal(text(await connection.response()), 'ok', `split at ${at}`);
      connection.destroy();
    }
  });

  test('byte by byte', async () => {
    const connection = await connect(server.port);
    const bytes = Buffer.from('POST /seen HTTP/1.1\r\nHost: abc\r\nAccept: one\r\nAccept: two\r\nContent-Type: t/u\r\nContent-Length: 5\r\n\r\nhello');
    for (const byte of bytes) {
      await connection.send(Buffer.from([byte]));
      await sleep(1);
    }
    const seen = JSON.parse(text(await connection.response()));
    assert.deepEqual([seen.accept, seen.contentType, seen.body], ['one, two', 't/u', 'hello']);
    connection.destroy();
  });

  test('chunked bodies of many sizes', async () => {
    const body = Buffer.alloc(300_000, 'абвгд');
    for (const size of [1000, 4096, 65536, 299_999]) {
      const parts = ['POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'];
      for (let at = 0; at < body.length; at += size) {
        const piece = body.subarray(at, at + size);
        parts.push(`${piece.length.toString(16)}\r\n`, piece, '\r\n');
      }
      parts.push('0\r\n\r\n');
      const response = await exchange(server.port, Buffer.concat(parts.map((part) => Buffer.from(part))));
      assert.ok(response.body.equals(body), `chunks of ${size}`);
    }
  });

  test('lines that end before a request are no request', async () => {
    const responses = await all(`\r\n\r\n${get()}\r\n${get()}`);
    assert.deepEqual(responses.map(text), ['ok', 'ok']);
  });
});

describe('pipelining', () => {
  test('500 requests in one write are answered in order', async () => {
    const connection = await connect(server.port);
    let bytes = '';
    for (let i = 0; i < 500; i++) bytes += get(`/seen?${i}`);
    await connection.send(bytes);
    for (let i = 0; i < 500; i++) assert.equal(JSON.parse(text(await connection.response())).query, String(i));
    connection.destroy();
  });

  test('slow ones hold up the order, not the work', async () => {
    const began = Date.now();
    const responses = await all(get('/slow?2000') + get('/seen?1') + get('/slow?1500') + get('/seen?2') + get('/slow?2000'));
    assert.deepEqual(responses.map((response) => (response.body.length > 2 ? JSON.parse(text(response)).query : text(response))),
      ['ok', '1', 'ok', '2', 'ok']);
    assert.ok(Date.now() - began < 5500, 'side by side: not as long as one after another');
  });

  test('200 slow ones: the queue is bounded and all are answered', async () => {
    const responses = await all(get('/slow?20').repeat(200));
    assert.deepEqual(new Set(responses.map(text)), new Set(['ok']));
    assert.equal(responses.length, 200);
  });

  test('long, streamed and short replies in order', async () => {
    const responses = await all(get('/stream?20') + get('/ok') + get('/big?3000000') + get('/ok') + get('/stream?1') + get('/ok'));
    assert.deepEqual(responses.map((response) => response.body.length), [20 * 32768, 2, 3_000_000, 2, 32768, 2]);
    assert.ok(responses[0].chunks.every((chunk) => chunk.length >= 16384 && chunk.length <= 65536));
  });

  test('a stream behind a short reply begins by itself', async () => {
    for (let i = 0; i < 20; i++) {
      const responses = await all(get('/ok') + get('/stream?2') + get('/stream?1') + get('/ok'));
      assert.deepEqual(responses.map((response) => response.body.length), [2, 65536, 32768, 2]);
    }
  });

  test('a stream that waits for what it sends, among others', async () => {
    const responses = await all(get('/waiting?3') + get('/ok') + get('/waiting?0') + get('/stream?2') + get('/slow?5') + get('/waiting?1') + get('/ok'));
    assert.deepEqual(responses.map((response) => response.body.length), [3 * 32768, 2, 0, 65536, 2, 32768, 2]);
    const [old] = await all('GET /waiting?5 HTTP/1.0\r\n\r\n');
    assert.equal(old.body.length, 5 * 32768);
    const head = await connect(server.port);
    await head.send(get('/waiting?3').replace('GET', 'HEAD') + get());
    assert.equal((await head.response({ head: true })).status, 200);
    assert.equal(text(await head.response()), 'ok');
    head.destroy();
  });

  test('after a parse error the good ones before it are answered, then 400, then the end', async () => {
    const responses = await all(`${get('/slow?100')}${get()}GET /ok HTTP/1.1\r\nBad Header: x\r\n\r\n${get()}`);
    assert.deepEqual(responses.map((response) => response.status), [200, 200, 400]);
  });

  test('nothing is read behind Connection: close', async () => {
    const responses = await all(`${get('/slow?50', 'Connection: close\r\n')}${get()}`);
    assert.equal(responses.length, 1);
    assert.equal(responses[0].headers.connection, 'close');
  });
});

describe('refused', () => {
  const cases = {
    'no HTTP at all': ['hello\r\n\r\n', 400],
    'no method that exists': ['FOO / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    'TLS': [Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 13, 10, 13, 10]), 400],
    'HTTP/2 by version': ['GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505],
    'HTTP/9.9': ['GET / HTTP/9.9\r\nHost: a\r\n\r\n', 505],
    'the preface of HTTP/2': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
    'no version': ['GET /ok\r\n\r\n', 400],
    'no version, with fields and a body': ['POST /ok\nHost: a\nContent-Length: 1\n\nx', 400],
    'no Host': ['GET /ok HTTP/1.1\r\n\r\n', 400, /Host/],
    'two Hosts': ['GET /ok HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', 400, /Host/],
    'an empty Host': ['GET /ok HTTP/1.1\r\nHost:\r\n\r\n', 400, /Host/],
    'a Host with a path': ['GET /ok HTTP/1.1\r\nHost: a/b\r\n\r\n', 400, /Host/],
    'a Host with a user': ['GET /ok HTTP/1.1\r\nHost: u@a\r\n\r\n', 400, /Host/],
    'a Host with a bad port': ['GET /ok HTTP/1.1\r\nHost: a:65536\r\n\r\n', 400, /Host/],
    'a Host of two words': ['GET /ok HTTP/1.1\r\nHost: a b\r\n\r\n', 400, /Host/],
    'a folded field': ['GET /ok HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n', 400, /folded/],
    'a space before the colon': ['GET /ok HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n', 400],
    'a bare CR in a value': ['GET /ok HTTP/1.1\r\nHost: a\r\nX: a\rTransfer-Encoding: chunked\r\n\r\n', 400],
    'a NUL in a value': ['GET /ok HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n', 400],
    'a bare LF in the head': ['GET /ok HTTP/1.1\r\nHost: a\nX: b\r\n\r\n', 400],
    'two Content-Lengths': ['POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx', 400],
    'two in one Content-Length': ['POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx', 400],
    'Content-Length with a sign': ['POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx', 400],
    'Content-Length below zero': ['POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx', 400],
    'Content-Length beyond 64 bits': ['POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\nx', 400],
    'Content-Length and chunks': ['POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    'chunks and Content-Length': ['POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n', 400],
    'gzip, then chunked': ['POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n', 501],
    'chunked twice': ['POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', [400, 501]],
    'a coding that does not exist': ['POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n', [400, 501]],
    'chunked in HTTP/1.0': ['POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    'a chunk size that is none': ['POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', 400],
    'a chunk size with 0x': ['POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n', 400],
    'a chunk size that wraps': ['POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000001\r\nx\r\n', 400],
    'a bare LF after a chunk': ['POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\n0\r\n\r\n', 400],
    'a bare LF after a chunk size': ['POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n', 400],
    'a chunk longer than it says': ['POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n', 400],
    'a fragment in the target': ['GET /ok#a HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    'bytes beyond ASCII in the target': ['GET /\u0436 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    'a space in the target': ['GET /a b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    'an expectation nobody knows': ['POST /echo HTTP/1.1\r\nHost: a\r\nExpect: coffee\r\nContent-Length: 1\r\n\r\n', 417],
    'two Content-Types': ['POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: a\r\nContent-Type: b\r\nContent-Length: 0\r\n\r\n', 400],
  };
  for (const [name, [bytes, status, pattern]] of Object.entries(cases)) {
    test(name, async () => {
      const statuses = [status].flat();
      for (const want of statuses) {
        try {
          await refused(bytes, want, pattern);
          return;
        } catch (error) {
          if (want === statuses.at(-1)) throw error;
        }
      }
    });
  }

  test('a folded field in every split', async () => {
    const bytes = Buffer.from('GET /ok HTTP/1.1\r\nHost: a\r\nX: ab\r\n cd\r\nAccept: x\r\n\r\n');
    for (let at = 1; at < bytes.length; at++) {
      const connection = await connect(server.port);
      await connection.send(bytes.subarray(0, at));
      await new Promise(setImmediate);
      await connection.send(bytes.subarray(at));
      assert.equal((await connection.response()).status, 400, `split at ${at}`);
      connection.destroy();
    }
    const connection = await connect(server.port);
    for (const byte of bytes) {
      await connection.send(Buffer.from([byte]));
      await sleep(1);
    }
    assert.equal((await connection.response()).status, 400, 'byte by byte');
    connection.destroy();
  });

  test('what is refused is told where', async () => {
    const response = await exchange(server.port, 'GET /ok HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n');
    assert.match(JSON.parse(text(response)).errors[0].message, /byte \d+ of its head/);
  });

  test('every cut of a request ends in silence or a refusal, never in a hang', async () => {
    const bytes = Buffer.from('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello');
    for (let at = 0; at < bytes.length; at++) {
      const responses = await all(bytes.subarray(0, at));
      assert.ok(responses.length <= 1 && responses.every(({ status }) => status === 400), `cut at ${at}`);
    }
  });
});

describe('other protocols', () => {
  test('Upgrade is not heard, and the connection goes on', async () => {
    const fields = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n';
    assert.deepEqual((await all(get('/ok', fields) + get())).map(text), ['ok', 'ok']);
    const h2c = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: a\r\n';
    assert.deepEqual((await all(get('/ok', h2c) + get())).map(text), ['ok', 'ok']);
    const body = `POST /echo HTTP/1.1\r\nHost: a\r\n${fields}Content-Length: 3\r\n\r\nabc`;
    assert.deepEqual((await all(body + get())).map(text), ['abc', 'ok']);
  });

  test('CONNECT is answered and closed', async () => {
    const [response, ...more] = await all(`CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n${get()}`);
    assert.equal(response.status, 404);
    assert.equal(response.headers.connection, 'close');
    assert.equal(more.length, 0);
  });
});

describe('Expect: 100-continue', () => {
  const head = (n, version = '1.1') => `POST /echo HTTP/${version}\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: ${n}\r\n\r\n`;

  test('the go-ahead comes before the body', async () => {
    const connection = await connect(server.port);
    await connection.send(head(5));
    assert.equal((await connection.response()).status, 100);
    await connection.send('hello');
    assert.equal(text(await connection.response()), 'hello');
    connection.destroy();
  });

  test('it comes in its turn', async () => {
    const connection = await connect(server.port);
    await connection.send(get('/slow?100') + head(2));
    assert.equal((await connection.response()).status, 200);
    assert.equal((await connection.response()).status, 100);
    await connection.send('hi');
    assert.equal(text(await connection.response()), 'hi');
    connection.destroy();
  });

  test('none when the body is here already, or empty, or for HTTP/1.0', async () => {
    assert.deepEqual((await all(`${head(5)}hello`)).map(({ status }) => status), [200]);
    assert.deepEqual((await all(head(0))).map(({ status }) => status), [200]);
    assert.deepEqual((await all(`${head(5, '1.0')}hello`)).map(({ status }) => status), [200]);
  });

  test('a body that is too long is refused instead', () => refused(head(1024 * 1024 + 1), 413, /at most 1048576/));
});

describe('sizes', () => {
  test('the body: limit - 1, limit, limit + 1', async () => {
    const limited = await startFixture({ body_bytes: 1000 });
    try {
      for (const [n, status] of [[999, 200], [1000, 200], [1001, 413]]) {
        const plain = await exchange(limited.port, `POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: ${n}\r\n\r\n${'x'.repeat(n)}`);
        assert.equal(plain.status, status, `${n} bytes`);
        const chunked = await exchange(limited.port, `POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n${(n - 1).toString(16)}\r\n${'x'.repeat(n - 1)}\r\n0\r\n\r\n`);
        assert.equal(chunked.status, status, `${n} bytes in chunks`);
      }
    } finally {
      await limited.stop();
    }
  });

  test('the head: limit - 1, limit, limit + 1', async () => {
    const limited = await startFixture({ head_bytes: 1000 });
    try {
      for (const [n, status] of [[998, 200], [999, 200], [1000, 200], [1001, 431], [5000, 431]]) {
        const rest = 'GET /ok HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n';
        const response = await exchange(limited.port, rest.replace('X: ', `X: ${'x'.repeat(n - rest.length)}`));
        assert.equal(response.status, status, `${n} bytes`);
      }
      const spaces = await exchange(limited.port, `GET /ok HTTP/1.1\r\nHost: a\r\nX:${' '.repeat(100_000)}x\r\n\r\n`);
      assert.equal(spaces.status, 431);
    } finally {
      await limited.stop();
    }
  });

  test('the target: 414', async () => {
    assert.equal((await exchange(server.port, get(`/${'x'.repeat(8191)}`))).status, 404);
    await refused(get(`/${'x'.repeat(8192)}`), 414, /at most 8192/);
  });

  test('fields: 100 and one more', async () => {
    assert.equal((await exchange(server.port, get('/ok', 'A: b\r\n'.repeat(99)))).status, 200);
    await refused(get('/ok', 'A: b\r\n'.repeat(100)), 431);
  });

  test('trailers and chunk extensions are bounded too', async () => {
    const head = 'POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    await refused(`${head}1;${'x'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`, 431);
    await refused(head + `1;${'x'.repeat(900)}\r\nx\r\n`.repeat(20), 431);
    await refused(`${head}0\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431);
  });

  test('10 MB of body are refused before they are read', async () => {
    const head = 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\n\r\n';
    for (const body of ['', 'x'.repeat(10 << 20)]) {
      const connection = await connect(server.port);
      connection.send(head + body);
      assert.equal((await connection.response()).status, 413);
      if (body) await connection.close();
      connection.destroy();
    }
  });
});

describe('time', () => {
  let quick;
  before(async () => {
    quick = await startFixture({ head_ms: 600, body_ms: 600, body_ms_per_kb: 400, idle_ms: 600, progress_ms: 1000, linger_ms: 600 });
  });
  after(() => quick.stop());

  async function lives(connection, began, from, to) {
    await connection.close({ ms: to });
    assert.ok(Date.now() - began >= from, `closed after ${Date.now() - began} ms`);
  }

  test('a head that drips: 408, however often a byte comes', async () => {
    const connection = await connect(quick.port);
    await connection.send('GET /ok HTTP/1.1\r\n');
    const drip = setInterval(() => connection.send('X: y\r\n'), 50);
    const began = Date.now();
    const response = await connection.response().finally(() => clearInterval(drip));
    assert.equal(response.status, 408);
    assert.ok(Date.now() - began > 500);
    connection.destroy();
  });

  test('a body that drips: 408; one that comes at the rate gets its time', async () => {
    const slow = await connect(quick.port);
    await slow.send('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n');
    const drip = setInterval(() => slow.send('x'), 50);
    assert.equal((await slow.response().finally(() => clearInterval(drip))).status, 408);
    slow.destroy();
    const patient = await startFixture({ body_ms: 2000, body_ms_per_kb: 400 }); // who stands still for a second is no slow client yet
    try {
      const steady = await connect(patient.port), began = Date.now();
      await steady.send('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20480\r\n\r\n');
      for (let i = 0; i < 20; i++) {
        await steady.send('x'.repeat(1024));
        await sleep(150);
      }
      assert.equal((await steady.response()).status, 200);
      assert.ok(Date.now() - began > 2500, 'longer than body_ms');
      steady.destroy();
    } finally {
      await patient.stop();
    }
  });

  test('idle connections and those that say nothing are closed without a word', async () => {
    const began = Date.now();
    const silent = await connect(quick.port);
    const idle = await connect(quick.port);
    await idle.send(get());
    await idle.response();
    await Promise.all([lives(silent, began, 500, 10_000), lives(idle, began, 500, 10_000)]);
    assert.equal(silent.bytes.length + idle.bytes.length, 0);
    silent.destroy();
    idle.destroy();
  });

  test('a reader that takes nothing is cut; others are not held up', async () => {
    const stuck = await connect(quick.port);
    stuck.socket.pause();
    await stuck.send(get('/big?50000000'));
    const began = Date.now();
    while (Date.now() - began < 2200) assert.equal((await exchange(quick.port, get())).status, 200);
    stuck.socket.resume();
    await stuck.close();
    assert.ok(stuck.bytes.length < 50_000_000);
    stuck.destroy();
  });

  test('a stream to a reader that takes nothing is not produced', async () => {
    const stuck = await connect(quick.port);
    stuck.socket.pause();
    await stuck.send(get('/stream?100000'));
    await sleep(500);
    const status = readFileSync(`/proc/${quick.pid}/status`, 'utf8');
    assert.ok(Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) < 400_000);
    stuck.destroy();
  });

  test('replies that nobody reads do not pile up', async () => {
    const stuck = await Promise.all(Array.from({ length: 20 }, () => connect(quick.port)));
    for (const connection of stuck) {
      connection.socket.pause();
      await connection.send(get('/big?4000000').repeat(30)); /* 2.4 GB, if all were answered */
    }
    let most = 0;
    for (let i = 0; i < 8; i++) { /* for less than progress_ms */
      await sleep(100);
      most = Math.max(most, Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${quick.pid}/status`, 'utf8'))[1]));
    }
    assert.ok(most < 700_000, `${most} kB`);
    stuck.forEach((connection) => connection.destroy());
  });

  test('nor do streams, of which a connection has one under way', async () => {
    const stuck = await Promise.all(Array.from({ length: 12 }, () => connect(server.port)));
    for (const connection of stuck) {
      connection.socket.pause();
      await connection.send(get('/held?4000000').repeat(30)); /* 1.4 GB */
    }
    for (const connection of stuck) await connection.taken();
    const most = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
    assert.ok(most < 700_000, `${most} kB`);
    stuck.forEach((connection) => connection.destroy());
  });

  test('requests of one connection leave others their turn', async () => {
    const greedy = await connect(server.port);
    await greedy.send(get('/busy?60').repeat(25)); /* a second and a half */
    await sleep(30);
    for (let i = 0; i < 4; i++) {
      const began = Date.now();
      assert.equal((await exchange(server.port, get(), { ms: 5000 })).status, 200);
      assert.ok(Date.now() - began < 500, `${Date.now() - began} ms`); /* a turn or two, of one request each */
    }
    for (let i = 0; i < 25; i++) assert.equal(text(await greedy.response()), 'ok');
    greedy.destroy();
  });

  test('a client that goes on sending after the last reply has linger_ms', async () => {
    const connection = await connect(quick.port), began = Date.now();
    await connection.send(get('/ok', 'Connection: close\r\n'));
    assert.equal((await connection.response()).status, 200);
    await connection.close();
    while (!connection.reset && Date.now() - began < 10_000) {
      await connection.send('x'.repeat(1000));
      await sleep(20);
    }
    assert.ok(connection.reset && Date.now() - began > 300, 'reset in the end, not at once');
    connection.destroy();
  });
});

describe('ends', () => {
  test('a half-closed client still gets its answers', async () => {
    assert.deepEqual((await all(get('/slow?200') + get('/slow?100') + get())).map(text), ['ok', 'ok', 'ok']);
  });

  test('a handler is told that its client is gone', async () => {
    const before_ = Number(text(await exchange(server.port, get('/gone'))));
    const connections = await Promise.all(Array.from({ length: 5 }, () => connect(server.port)));
    for (const connection of connections) {
      await connection.send(get('/never') + get('/never'));
      await connection.taken(); // a reset takes what was not read along
      connection.socket.resetAndDestroy();
    }
    await until(async () => Number(text(await exchange(server.port, get('/gone')))) === before_ + 10, 'ten handlers told');
  });

  test('reset at every byte of a reply', async () => {
    for (let i = 0; i < 60; i++) {
      const connection = await connect(server.port);
      await connection.send(get('/stream?40') + get('/slow?5') + get('/big?500000') + get('/never'));
      if (i % 3) await until(() => connection.bytes.length > i * 20_000 || connection.closed, 'some bytes');
      connection.socket.resetAndDestroy();
    }
    assert.equal((await exchange(server.port, get())).status, 200);
  });

  test('reset while a stream waits, and between', async () => {
    const before_ = Number(text(await exchange(server.port, get('/gone'))));
    for (let i = 0; i < 60; i++) {
      const connection = await connect(server.port);
      await connection.send(get('/waiting?40') + get('/waiting?3'));
      await until(() => connection.bytes.length > i * 10_000 || connection.closed, 'some bytes');
      if (i % 2) await sleep(i % 7);
      connection.socket.resetAndDestroy();
    }
    await until(async () => Number(text(await exchange(server.port, get('/gone')))) > before_, 'some were told');
  });

  test('a client that goes while its stream waits and more is asked for is seen to go', async () => {
    const before_ = Number(text(await exchange(server.port, get('/gone'))));
    for (let i = 0; i < 20; i++) {
      const connection = await connect(server.port);
      await connection.send(get('/waiting?100000') + get() + get('/ok').slice(0, -2));
      await connection.taken();
      connection.socket.resetAndDestroy();
    }
    await until(async () => Number(text(await exchange(server.port, get('/gone')))) > before_, 'some were told');
  });

  test('half a request behind a stream, and the end', async () => {
    const responses = await all(get('/stream?40') + get().slice(0, -2));
    assert.deepEqual(responses.map(({ status }) => status), [200, 400]);
    assert.equal((await all(get('/waiting?3') + get())).length, 2);
  });

  test('a stream that breaks is seen to break', async () => {
    const connection = await connect(server.port);
    await connection.send(get('/break?3'));
    await assert.rejects(connection.response(), /closed/);
    connection.destroy();
  });

  test('a header value can not split a reply', async () => {
    const response = await exchange(server.port, get('/split'));
    assert.equal(response.status, 204);
    assert.equal(response.headers['set-cookie'], undefined);
    assert.equal(response.headers['x-evil'], undefined);
    assert.equal(response.headers['x-good'], 'c');
    assert.equal(response.headers['content-length'], undefined);
  });
});

describe('bounds of the whole', () => {
  test('what replies hold is bounded: 503, and room comes back', async () => {
    // The system takes some 4 MB of what nobody reads.
    const small = await startFixture({ held_bytes: 27_000_000 });
    try {
      const stuck = await Promise.all([connect(small.port), connect(small.port)]);
      for (const connection of stuck) {
        connection.socket.pause();
        await connection.send(get('/held?12000000') + get());
        await connection.taken();
      }
      let response;
      await until(async () => { response = await exchange(small.port, get('/held?12000000')); return response.status === 503; }, 'both to hold theirs');
      assert.equal(response.headers['retry-after'], '1');
      assert.equal((await exchange(small.port, get())).status, 200);
      stuck[0].socket.resume(); /* the one takes it all, the other leaves */
      assert.equal((await stuck[0].response()).body.length, 12_000_000);
      assert.equal(text(await stuck[0].response()), 'ok');
      stuck[1].socket.resetAndDestroy();
      await until(() => exchange(small.port, get('/held?24000000')).then(({ status }) => status === 200), 'room again');
      stuck[0].destroy();
    } finally {
      await small.stop();
    }
  });

  test('without memory for a connection that one is lost, and no other', async () => {
    const poor = await startFixture({}, { wrap: ['env', 'TOLQUJAT_FAILPOINTS=no-memory-for-connection:3'] });
    try {
      for (let round = 0; round < 4; round++) {
        const answers = await Promise.all(Array.from({ length: 12 }, () => exchange(poor.port, get(), { ms: 4000 }).then(({ status }) => status, () => 0)));
        const good = answers.filter((status) => status === 200).length;
        assert.ok(good >= 4 && good < 12, `${answers}`);
        assert.ok(answers.every((status) => status === 200 || status === 503 || status === 0), `${answers}`);
      }
    } finally {
      await poor.stop();
    }
  });

  test('connections beyond the limit get 503 and room comes back', async () => {
    const small = await startFixture({ connections: 5 });
    try {
      const held = await Promise.all(Array.from({ length: 5 }, () => connect(small.port)));
      for (const connection of held) await connection.send(get());
      await Promise.all(held.map((connection) => connection.response()));
      const extra = await connect(small.port);
      const response = await extra.response();
      assert.equal(response.status, 503);
      assert.equal(response.headers['retry-after'], '1');
      JSON.parse(text(response));
      await extra.close();
      held.pop().destroy();
      await until(() => exchange(small.port, get()).then(({ status }) => status === 200, () => false), 'room again');
      held.forEach((connection) => connection.destroy());
    } finally {
      await small.stop();
    }
  });

  test('descriptors run out: no spin, and it recovers', async () => {
    const poor = await startFixture({}, { wrap: ['prlimit', '--nofile=40:40'] });
    const cpu = () => {
      const fields = readFileSync(`/proc/${poor.pid}/stat`, 'utf8').split(') ')[1].split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10;
    };
    try {
      const first = await connect(poor.port);
      const many = await Promise.allSettled(Array.from({ length: 200 }, () => connect(poor.port)));
      await sleep(300);
      const before_ = cpu(), began = Date.now();
      await sleep(1000);
      assert.ok(cpu() - before_ < 0.3 * (Date.now() - began), 'less than 30 % of a core');
      await first.send(get());
      assert.equal((await first.response()).status, 200);
      many.forEach(({ value }) => value?.destroy());
      await until(() => exchange(poor.port, get()).then(({ status }) => status === 200, () => false), 'room again');
      first.destroy();
    } finally {
      await poor.stop();
    }
  });
});

describe('the end of the server', () => {
  test('what is in flight is finished, and told that it is the last', async () => {
    const ending = await startFixture({ drain_idle_ms: 4000 });
    const busy = await connect(ending.port);
    const idle = await connect(ending.port);
    const streaming = await connect(ending.port);
    await busy.send(get('/slow?2000'));
    await streaming.send(get('/stream?200'));
    await idle.send(get());
    await idle.response();
    for (const connection of [busy, streaming]) await connection.taken();
    ending.child.kill('SIGTERM');
    await until(() => connect(ending.port).then((connection) => { connection.destroy(); return false; }, () => true), 'no more connections');
    await idle.send(get()); /* the race that every keep-alive client knows: it is still served */
    const late = await idle.response();
    assert.equal(late.headers.connection, 'close');
    const response = await busy.response();
    assert.equal(response.status, 200);
    assert.equal(response.headers.connection, 'close');
    assert.equal((await streaming.response()).body.length, 200 * 32768);
    await busy.close();
    [busy, idle, streaming].forEach((connection) => connection.destroy());
    await until(() => ending.exit, 'it ends');
    await ending.stop();
  });

  test('what waits behind a stream is answered as well, once', async () => {
    const ending = await startFixture();
    const connection = await connect(ending.port);
    await connection.send(get('/stream?600') + get('/seen?1') + get('/seen?2'));
    await connection.taken();
    ending.child.kill('SIGTERM');
    assert.equal((await connection.response()).body.length, 600 * 32768);
    const last = await connection.response();
    assert.equal(JSON.parse(text(last)).query, '1');
    assert.equal(last.headers.connection, 'close');
    await connection.close();
    connection.destroy();
    await until(() => ending.exit, 'it ends');
    await ending.stop();
  });

  test('with nobody there it ends at once', async () => {
    const ending = await startFixture({ drain_idle_ms: 15_000 });
    const began = Date.now();
    await ending.stop();
    assert.ok(Date.now() - began < 10_000);
  });
});
