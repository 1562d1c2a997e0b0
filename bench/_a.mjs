import { execFileSync } from 'node:child_process'
import { citizenToken, env, iins, listFile, pick, query, startServer, tokenFlags, tokens, wrk, cpu, services } from './harness.mjs'
const people = pick(iins, 10000); const { ambulance } = tokens()
const own = people.map(iin => `${iin} ${citizenToken(iin)}`); const others = ambulance.iins.map(iin => `${iin} ${ambulance.token}`)
const lists = { citizens: listFile('citizens', own), ambulance: listFile('ambulance', others), both: listFile('both', [...own, ...others]) }
const [ , , loads = 'both', conns = '64', secs = '5', rounds = '1', flags = ''] = process.argv
const servers = { open: await startServer(['--access', 'open', '--redis', env.TOLQUJAT_REDIS]), tokens: await startServer([...tokenFlags(), '--redis', env.TOLQUJAT_REDIS, ...flags.split(' ').filter(Boolean)]) }
const metrics = async s => Object.fromEntries((await (await fetch(`http://127.0.0.1:${s.port}/metrics`)).text()).split('\n').filter(l => /^tolqujat_(audit|rights|cache)/.test(l)).map(l => l.split(' ')))
const pids = services()
for (let r = 0; r < Number(rounds); r++) for (const l of loads.split(',')) for (const c of conns.split(',')) {
  const out = {}
  for (const k of (process.env.ONLY ?? 'open,tokens').split(',')) { const s = servers[k]; wrk({ port: s.port, document: query('w1'), variable: 'iin', list: lists[l], connections: Number(c), seconds: 2, seed: 50 + r })
    const m0 = await metrics(s), a = cpu(s.pid), p0 = cpu(pids.postgres ?? pids[0]); const x = wrk({ port: s.port, document: query('w1'), variable: 'iin', list: lists[l], connections: Number(c), seconds: Number(secs), seed: r }); const m1 = await metrics(s)
    out[k] = x; if (k === 'tokens') { const d = {}; for (const n in m1) { const v = m1[n] - m0[n]; if (v) d[n] = (v / (x.us / 1e6)).toFixed(0) + '/s' } console.log(d) }
    console.log(l, c, k, (x.requests / (x.us / 1e6)).toFixed(0), 'p50', x.p50, 'p99', x.p99, 'err', x.status + x.socket) }
  if (out.open) console.log('==', l, c, (100 * (out.tokens.requests / out.tokens.us) / (out.open.requests / out.open.us)).toFixed(1), '%') }
for (const s of Object.values(servers)) await s.stop()
