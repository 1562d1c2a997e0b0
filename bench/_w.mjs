import { spawn, execSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { citizenToken, env, iins, listFile, pick, HERE, sql, startServer, tokenFlags } from './harness.mjs'
const WRITE = 'mutation ($id: ID!, $key: String!) { writeDiary(patient: $id, kind: PULSE, value: "72.00", idempotencyKey: $key) { id } }'
const W = Number(process.argv[2] ?? 16), C = Number(process.argv[3] ?? 48), SECS = Number(process.argv[4] ?? 6)
const server = await startServer([...tokenFlags(), '--redis', env.TOLQUJAT_REDIS, '--write-connections', String(W)])
const writers = []
for (const iin of pick(iins, 2000)) { const t = citizenToken(iin)
  const a = await fetch(`http://127.0.0.1:${server.port}/graphql`, { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${t}` }, body: JSON.stringify({ query: '{ me { patient { id } } }' }) })
  const id = (await a.json()).data.me.patient?.id; if (id) writers.push(`${id} ${t}`) }
const list = listFile('writers', writers)
const cpu = () => { const r = { tolq: 0, pg: 0, redis: 0 , n: 0}; for (const p of readdirSync('/proc')) if (/^\d+$/.test(p)) { try { const s = readFileSync(`/proc/${p}/stat`, 'utf8'); const m = /\((.*)\) (.*)$/.exec(s.trim()); const f = m[2].split(' '); const t = Number(f[11]) + Number(f[12]); const cwd = readFileSync(`/proc/${p}/cmdline`, 'utf8'); const env_ = cwd;
  const cg = m[1]; if (cg.startsWith('tolqujat')) { if (String(server.child?.pid ?? '') ) {} r.tolq += t } else if (cg === 'postgres') { let d=''; try { d = execSync(`readlink /proc/${p}/cwd`).toString() } catch {} ; if (d.includes('/work/main/var/demo')) r.pg += t } else if (cg.startsWith('redis')) r.redis += t } catch {} } return r }
const wal = () => Number(sql('SELECT wal_bytes FROM pg_stat_wal')); const walsync = () => sql('SELECT wal_sync || \' \' || wal_write || \' \' || wal_records FROM pg_stat_wal')
const run = (secs, seed) => new Promise(res => { const c = spawn('wrk', ['-t1', `-c${C}`, `-d${secs}s`, '-s', `${HERE}/write.lua`, `http://127.0.0.1:${server.port}`], { env: { ...process.env, DOCUMENT: JSON.stringify(WRITE), LIST: list, SEED: String(seed) }, stdio: ['ignore', 'pipe', 'inherit'] }); let t = ''; c.stdout.on('data', d => { t += d }); c.on('close', () => res(JSON.parse(/^RESULT (.*)$/m.exec(t)[1]))) })
const stamp = Date.now()
await run(2, stamp)
const a = cpu(), wa = wal(), sa = walsync()
if (process.argv[5]) spawn('sh', ['-c', process.argv[5]], { stdio: 'inherit' })
const r = await run(SECS, stamp + 1)
const b = cpu(); await new Promise(f => setTimeout(f, 1500)); const wb = wal(), sb = walsync()
console.log(JSON.stringify(r)); for (const k of ['tolq', 'pg', 'redis']) console.log(k, 'us/write', ((b[k] - a[k]) * 10000 / r.requests).toFixed(0))
console.log('wal bytes/write', ((wb - wa) / r.requests).toFixed(0), 'sync,write,records before', sa, 'after', sb)
await server.stop()
