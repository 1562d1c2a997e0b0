// What the measuring programs share: the demo's data (scripts/demo has loaded it and its PostgreSQL and Redis run),
// a server of their own over it, wrk, and CPU time from /proc.
import { execFileSync, spawn } from 'node:child_process'
import { createPrivateKey, sign } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const HERE = dirname(fileURLToPath(import.meta.url))
export const TOP = join(HERE, '..')
export const STATE = join(TOP, 'var', 'demo')
const HZ = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

export function fail (message) {
  console.error(`bench: ${message}`)
  process.exit(2)
}

export const scratch = mkdtempSync(join(tmpdir(), 'tolqujat-bench-'))
process.on('exit', () => rmSync(scratch, { recursive: true }))

export const median = list => [...list].sort((a, b) => a - b)[list.length >> 1]

// The same choice of `n` at every run.
export function pick (list, n) {
  let seed = 42
  const left = [...list]
  const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648)
  return Array.from({ length: Math.min(n, left.length) }, () => left.splice(next() % left.length, 1)[0])
}

/** A file of lines below the scratch directory. */
export function listFile (name, lines) {
  writeFileSync(join(scratch, name), lines.join('\n') + '\n')
  return join(scratch, name)
}

export const query = name => readFileSync(join(HERE, 'queries', `${name}.graphql`), 'utf8').trim()

// ---- the demo ----

const demoFile = name => {
  try {
    return readFileSync(join(STATE, name), 'utf8').trim()
  } catch {
    return fail(`var/demo/${name} is missing: start scripts/demo --detach first`)
  }
}
export const env = Object.fromEntries(demoFile('env').split('\n')
  .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
export const iins = demoFile('iins.txt').split('\n')
export const sql = text => execFileSync('psql', ['-XqAt', '-d', env.TOLQUJAT_DATABASE, '-c', text], { encoding: 'utf8' }).trim()
export function services () {
  const lines = execFileSync(join(TOP, 'scripts', 'services'), ['status', STATE], { encoding: 'utf8' }).trim().split('\n')
  const pids = Object.fromEntries(lines.map(line => line.split(' ')))
  return { postgres: Number(pids.postgres), redis: Number(pids.redis) }
}

// ---- tokens, signed with the demo's key ----

/** Who may ask, and about whom: { ambulance: { token, iins }, ... }. Calls for an ambulance end after two days, so they are made anew. */
export function tokens () {
  sql(readFileSync(join(TOP, 'db', 'population', 'renew.sql'), 'utf8'))
  return JSON.parse(demoFile('tokens.json'))
}

/** Up to `n` citizens as lines of a list, each with a token of their own. The dead have none to ask with. */
export function citizens (n) {
  const living = new Set(sql('SELECT iin FROM patient WHERE deceased_on IS NULL').split('\n'))
  return pick(iins.filter(iin => living.has(iin)), n).map(iin => `${iin} ${citizenToken(iin)}`)
}

/** The token of one. */
export function citizenToken (iin) {
  const jwk = JSON.parse(demoFile('token-key.jwk'))
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  const part = object => Buffer.from(JSON.stringify(object)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const text = `${part({ alg: 'ES256', typ: 'at+jwt', kid: jwk.kid })}.${part({ iss: 'tolqujat-demo', aud: 'tolqujat', sub: iin, role: 'CITIZEN', iat: now, exp: now + 36000 })}`
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** Flags of a server that takes them and keeps the access log. */
export const tokenFlags = () => ['--access', 'tokens', '--demo', '--token-keys', join(STATE, 'token-key.jwk.jwks'), '--token-issuer', 'tolqujat-demo',
  '--token-audience', 'tolqujat', '--secret', join(STATE, 'secret'), '--audit-heads', scratch]

// ---- processes ----

function stat (pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

function tree (pid) {
  const children = new Map()
  for (const name of readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) && stat(name)
    if (!fields) continue
    const parent = Number(fields[1])
    if (!children.has(parent)) children.set(parent, [])
    children.get(parent).push(Number(name))
  }
  const found = [pid]
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i]) ?? []))
  return found
}

// Seconds of CPU of a process and its living and reaped children.
export const cpu = pid => tree(pid).reduce((sum, p) => {
  const f = stat(p)
  return f ? sum + (Number(f[11]) + Number(f[12]) + Number(f[13]) + Number(f[14])) / HZ : sum
}, 0)
export const rss = pid => Math.max(...tree(pid).map(p => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${p}/status`, 'utf8'))?.[1] ?? 0) / 1024))

// ---- a server ----

export const freePort = () => new Promise(resolve => {
  const probe = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address()
    probe.close(() => resolve(port))
  })
})

/**
 * A server over the demo's data: { pid, port, stop(), metric(name) }. `before` is a command line that runs it (valgrind ...).
 */
export async function startServer (flags, before = []) {
  const port = await freePort()
  const [program, ...args] = [...before, join(TOP, 'build/tolqujat'), 'serve', '--port', String(port), '--database', env.TOLQUJAT_SERVER_DATABASE,
    '--graphiql', 'off', '--log-level', 'error', ...flags]
  const child = spawn(program, args, { cwd: TOP, stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise(resolve => child.on('close', resolve))
  const kill = () => child.kill('SIGKILL')
  process.on('exit', kill)
  while (await fetch(`http://127.0.0.1:${port}/readyz`).then(answer => answer.status, () => 0) !== 200) {
    if (child.exitCode !== null) fail(`the server ended by itself (status ${child.exitCode})`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  return {
    pid: child.pid,
    port,
    async stop () {
      child.kill('SIGTERM')
      await ended
      process.off('exit', kill)
    },
    /** The sum of a metric over its labels. */
    async metric (name) {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      let sum = 0
      for (const [, value] of text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))) sum += Number(value)
      return sum
    }
  }
}

// ---- load ----

/** One run of wrk with one thread. `list` is a file of values for `variable`, each with a token behind it where it needs one. */
export function wrk ({ port, document, variable = '', list = '', token = '', connections, seconds, seed }) {
  const out = execFileSync('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s', '-s', join(HERE, 'load.lua'),
    `http://127.0.0.1:${port}`], {
    encoding: 'utf8',
    env: { ...process.env, DOCUMENT: JSON.stringify(document), VARIABLE: variable, LIST: list, TOKEN: token, SEED: String(seed) }
  })
  return JSON.parse(/^RESULT (.*)$/m.exec(out)[1])
}

/**
 * Runs a load after a shorter one, and says what each request cost: figures in requests a second, ms, and µs of CPU.
 */
export async function measure (server, pids, load, { seconds, warm, round }) {
  const look = async () => ({
    server: cpu(server.pid),
    ...Object.fromEntries(Object.entries(pids).map(([k, p]) => [k, cpu(p)])),
    statements: await server.metric('tolqujat_db_statements_total')
  })
  wrk({ ...load, port: server.port, seconds: warm, seed: 1000 + round })
  const before = await look()
  const r = wrk({ ...load, port: server.port, seconds, seed: round })
  const after = await look()
  const each = key => (after[key] - before[key]) / r.requests
  return {
    rps: r.requests / (r.us / 1e6), p50: r.p50, p99: r.p99, bytes: r.bytes / r.requests, errors: r.status + r.socket,
    server: each('server') * 1e6, postgres: each('postgres') * 1e6, redis: each('redis') * 1e6,
    statements: each('statements'), rss: rss(server.pid), requests: r.requests
  }
}

const HEAD = ['requests/s', 'min-max', 'p50 ms', 'p99 ms', 'server CPU', 'PostgreSQL CPU', 'Redis CPU', 'statements/request', 'RSS MB', 'bytes', 'requests', 'errors']

/** Measurements as a table in Markdown: `rows` are [labels, measurements]; the medians are shown. */
export function table (labels, rows) {
  const line = cells => `| ${cells.join(' | ')} |`
  console.log(line([...labels, ...HEAD]))
  console.log(line([...labels, ...HEAD].map(() => '---')).replaceAll(' ', ''))
  for (const [names, list] of rows) {
    const m = (name, digits) => median(list.map(x => x[name])).toFixed(digits)
    const rps = list.map(x => x.rps)
    const sum = name => list.reduce((s, x) => s + x[name], 0)
    console.log(line([...names, m('rps', 0), `${Math.min(...rps).toFixed(0)}-${Math.max(...rps).toFixed(0)}`, m('p50', 2), m('p99', 2),
      m('server', 1), m('postgres', 1), m('redis', 1), m('statements', 3), Math.max(...list.map(x => x.rss)).toFixed(0), m('bytes', 0),
      sum('requests'), sum('errors')]))
  }
}

/** `--name N` of the command line into `options`; what is left. */
export function readOptions (args, options) {
  const rest = []
  for (let i = 0; i < args.length; i++) {
    const name = args[i].replace(/^--/, '')
    if (!args[i].startsWith('--')) rest.push(args[i])
    else if (!(name in options)) fail(`unknown argument '${args[i]}'`)
    else if (Array.isArray(options[name])) options[name] = (args[++i] ?? '').split(',').map(Number)
    else if (/^\d+$/.test(args[i + 1] ?? '')) options[name] = Number(args[++i])
    else fail(`${args[i]} takes a number`)
    if (Array.isArray(options[name]) && options[name].some(n => !(n > 0))) fail(`${args[i - 1]} takes numbers, such as 64,256`)
  }
  return rest
}
