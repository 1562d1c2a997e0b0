// HTTP by hand: bytes out, responses in, nothing normalised on the way. For tests of what a good client never sends.
import net from 'node:net';
import { readFileSync } from 'node:fs';
import { until } from './run.mjs';

const CRLF2 = Buffer.from('\r\n\r\n');

/** Parses one response at the start of `bytes`. Null: not complete yet (with `closed`, the end is the body's end). */
export function parseResponse(bytes, { head = false, closed = false } = {}) {
  const end = bytes.indexOf(CRLF2);
  if (end < 0) return null;
  const [line, ...fields] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const match = /^HTTP\/1\.([01]) (\d{3})(?: (.*))?$/.exec(line);
  if (!match) throw new Error(`no status line: ${JSON.stringify(line)}`);
  const headers = {};
  for (const field of fields) {
    const colon = field.indexOf(':');
    if (colon <= 0) throw new Error(`no header field: ${JSON.stringify(field)}`);
    const name = field.slice(0, colon).toLowerCase();
    const value = field.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  const status = Number(match[2]);
  const response = { status, reason: match[3] ?? '', headers, body: Buffer.alloc(0), chunks: [] };
  const from = end + 4;
  const done = (length) => ({ response, length });
  if (head || status < 200 || status === 204 || status === 304) return done(from);
  if (/chunked/i.test(headers['transfer-encoding'] ?? '')) {
    let at = from;
    for (;;) {
      const eol = bytes.indexOf('\r\n', at);
      if (eol < 0) return null;
      const text = bytes.subarray(at, eol).toString('latin1');
      if (!/^[0-9a-f]+$/i.test(text)) throw new Error(`no chunk size: ${JSON.stringify(text)}`);
      const size = parseInt(text, 16);
      at = eol + 2;
      if (bytes.length < at + size + 2) return null;
      if (bytes.toString('latin1', at + size, at + size + 2) !== '\r\n') throw new Error('a chunk is not ended by CRLF');
      if (size === 0) {
        response.body = Buffer.concat(response.chunks);
        return done(at + 2);
      }
      response.chunks.push(Buffer.from(bytes.subarray(at, at + size)));
      at += size + 2;
    }
  }
  if ('content-length' in headers) {
    const length = Number(headers['content-length']);
    if (bytes.length < from + length) return null;
    response.body = Buffer.from(bytes.subarray(from, from + length));
    return done(from + length);
  }
  if (!closed) return null;
  response.body = Buffer.from(bytes.subarray(from));
  return done(bytes.length);
}

/** What the kernel has of a connection on 127.0.0.1, as the end at port `from` has it: { waits: bytes that were not read, accepted }; null: nothing. */
function inKernel(from, to) {
  const hex = (port) => port.toString(16).toUpperCase().padStart(4, '0');
  const line = readFileSync('/proc/net/tcp', 'latin1').split('\n').find((one) => one.includes(` 0100007F:${hex(from)} 0100007F:${hex(to)} `));
  if (!line) return null;
  const [, , , , queues, , , , , inode] = line.trim().split(/ +/);
  return { waits: parseInt(queues.split(':')[1], 16), accepted: inode !== '0' };
}

/** A connection to 127.0.0.1: what comes is kept until asked for. */
export class RawConnection {
  constructor(socket) {
    this.socket = socket;
    this.ports = [socket.localPort, socket.remotePort];
    this.bytes = Buffer.alloc(0);
    this.closed = false; // the server has ended its side (or reset)
    this.reset = false;
    this._waiters = new Set();
    const wake = () => this._waiters.forEach((waiter) => waiter());
    socket.on('data', (data) => { this.bytes = Buffer.concat([this.bytes, data]); wake(); });
    socket.on('end', () => { this.closed = true; wake(); });
    socket.on('close', () => { this.closed = true; wake(); });
    socket.on('error', () => { this.reset = true; this.closed = true; wake(); });
  }

  /** Sends text (as latin1) or bytes; resolves when the kernel has them. */
  send(data) {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
    return new Promise((resolve) => { this.socket.write(bytes, () => resolve()); });
  }

  /** Resolves when the server has accepted the connection and read all that was sent, which is in its kernel until then. */
  taken() {
    const [local, remote] = this.ports;
    return until(() => {
      const theirs = inKernel(remote, local);
      return theirs?.accepted && theirs.waits === 0;
    }, 'what was sent to be read');
  }

  /**
   * Of one that has closed: by a reset? libuv tells of a reset right behind data as of a good end; but of a connection that was reset the kernel has
   * nothing any more, and of another it waits for our half.
   */
  wasReset() { return this.reset || inKernel(...this.ports) === null; }

  /** Ends this side; the server may still answer. */
  end() { this.socket.end(); }

  destroy() { this.socket.destroy(); }

  /** The next response; options.head: it answers a HEAD. Rejects after `ms`, or when the connection ends before. */
  response({ head = false, ms = 30_000 } = {}) {
    return this._wait(ms, 'a response', () => {
      const parsed = parseResponse(this.bytes, { head, closed: this.closed });
      if (parsed) {
        this.bytes = this.bytes.subarray(parsed.length);
        return parsed.response;
      }
      if (this.closed) throw new Error(`closed${this.reset ? ' by reset' : ''} after ${JSON.stringify(this.bytes.toString('latin1').slice(0, 200))}`);
      return undefined;
    });
  }

  /** All responses until the server closes. */
  async rest({ ms = 30_000 } = {}) {
    await this.close({ ms });
    const responses = [];
    while (this.bytes.length > 0) {
      const parsed = parseResponse(this.bytes, { closed: true });
      if (!parsed) throw new Error(`half a response: ${JSON.stringify(this.bytes.toString('latin1').slice(0, 200))}`);
      responses.push(parsed.response);
      this.bytes = this.bytes.subarray(parsed.length);
    }
    return responses;
  }

  /** Resolves when the server has closed. */
  close({ ms = 30_000 } = {}) {
    return this._wait(ms, 'the end of the connection', () => (this.closed ? true : undefined));
  }

  _wait(ms, what, probe) {
    return new Promise((resolve, reject) => {
      const finish = (settle, value) => {
        clearTimeout(timer);
        this._waiters.delete(look);
        settle(value);
      };
      const look = () => {
        try {
          const value = probe();
          if (value !== undefined) finish(resolve, value);
        } catch (error) {
          finish(reject, error);
        }
      };
      const timer = setTimeout(() => finish(reject, new Error(`no ${what} within ${ms} ms`)), ms);
      this._waiters.add(look);
      look();
    });
  }
}

export function connect(port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(new RawConnection(socket));
    });
  });
}

/** One connection, these bytes, all that comes back until the server closes or `ms` pass without the first response. */
export async function exchange(port, bytes, options = {}) {
  const connection = await connect(port);
  try {
    await connection.send(bytes);
    return await connection.response(options);
  } finally {
    connection.destroy();
  }
}

/** The bytes of a good POST /graphql; `headers` adds or (with undefined) removes fields. */
export function post(body, { path = '/graphql', headers = {}, method = 'POST' } = {}) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const fields = { Host: '127.0.0.1', 'Content-Type': 'application/json', 'Content-Length': bytes.length, ...headers };
  const head = Object.entries(fields).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${head.join('')}\r\n`, 'latin1'), bytes]);
}
