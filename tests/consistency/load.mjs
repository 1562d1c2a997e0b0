// A process of the load: one writer and some readers, each over connections of its own, until it is told to stop; then it says all that it did.
// It says 'begun' when it could begin, and waits for 'go'; then process.send({ operations, torn, failed }). An operation is an array, as there are many: [record, write, version, token, invoked, returned] (ms).
import http from 'node:http';
import { checksum, isMark, marks, outsideMarks, outsideReferences, references, shapesOf, variablesOf, writeOf } from './world.mjs';

const { port, name, seed, readers, hot, cold, readsPerWrite, outside } = JSON.parse(process.argv[2]);
const AIMED = 0.4; // how often a reader waits for a write of this process to be acknowledged, to read that record within the next 5 ms,
const TIMES = 3; // and then so often: half of all reads, about
const operations = [], torn = [], failed = { reads: 0, writes: 0 };
let over = false, state = seed, waiting = [], sinceWrite = 0;

function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}
const now = () => Number(process.hrtime.bigint()) / 1e6;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const REFERENCES = 0.2, MARKS = 0.1; // of what is read and written
function anyRecord(hotShare) {
  const kind = random();
  if (kind < REFERENCES) return references[Math.floor(random() * references.length)];
  if (kind < REFERENCES + MARKS) return marks[Math.floor(random() * marks.length)];
  return 1 + (random() < hotShare ? Math.floor(random() * hot) : hot + Math.floor(random() * cold));
}

const OUTSIDE = 0.3; // of what is read, where somebody else writes too
const others = [...outsideReferences, ...outsideMarks];
const anyToRead = () => (outside && random() < OUTSIDE ? others[Math.floor(random() * others.length)] : anyRecord(0.9));

/** A client of its own connection, which now and then takes a new one: to the other worker, perhaps. */
class Client {
  constructor() { this.calls = 0; this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 }); }

  async ask(query, variables) {
    if (++this.calls % 100 === 0) { this.agent.destroy(); this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 }); }
    const body = JSON.stringify({ query, variables });
    return new Promise((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port, path: '/graphql', method: 'POST', agent: this.agent, timeout: 20_000,
        headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) } }, (response) => {
        let text = '';
        response.on('data', (part) => { text += part; });
        response.on('error', reject);
        response.on('end', () => {
          try { resolve(JSON.parse(text)); } catch (error) { reject(error); }
        });
      });
      request.on('timeout', () => request.destroy(new Error('no answer')));
      request.on('error', reject);
      request.end(body);
    });
  }
}

/** A write whose answer did not come, until one does: it must have been done once. */
async function sendAgain(client, record, token) {
  while (!over) {
    await sleep(20);
    const answer = await client.ask(writeOf(record), { id: record, token }).catch(() => null);
    if (answer?.data?.write) return answer.data.write;
  }
  return null;
}

async function write(client) {
  if (sinceWrite < readsPerWrite) return sleep(1);
  sinceWrite = 0;
  const record = anyRecord(0.7), again = (record < references[0] || isMark(record)) && random() < 0.5, token = `${name}-${operations.length}-${Math.floor(random() * 1e9)}`, invoked = now();
  const answer = await client.ask(writeOf(record), { id: record, token }).catch(() => null);
  let made = answer?.errors ? null : answer?.data?.write;
  if (!made) failed.writes++;
  if (!made && again) made = await sendAgain(client, record, token);
  operations.push([record, true, made?.version ?? null, token, invoked, made ? now() : Infinity]);
  if (!made) return sleep(20);
  const aimers = waiting;
  waiting = [];
  for (const aim of aimers) aim(record);
}

/** The record of the next write that is acknowledged here, or any one when that takes too long. */
const nextWritten = () => Promise.race([new Promise((resolve) => waiting.push(resolve)), sleep(60).then(() => anyRecord(0.8))]);

function check(record, row) {
  const good = (one) => one.version === 0 || one.checksum === checksum(record, one.version, one.token);
  const steps = (list) => list.every((one, i) => i === 0 || one.version === list[i - 1].version - 1);
  if (!good(row) || row.list && !(row.list.every(good) && steps(row.list))) torn.push({ record, row });
}

async function read(client) {
  if (random() >= AIMED) return readOne(client, anyToRead());
  const record = await nextWritten();
  for (let i = 0; i < TIMES; i++) {
    await sleep(random() * 5 / TIMES);
    await readOne(client, record);
  }
}

async function readOne(client, record) {
  const shapes = shapesOf(record), shape = shapes[Math.floor(random() * shapes.length)];
  const invoked = now();
  const answer = await client.ask(shape.query, variablesOf(record)).catch(() => null);
  const returned = now();
  sinceWrite++;
  if (!answer?.data || answer.errors) {
    failed.reads++;
    return sleep(5);
  }
  for (const row of shape.read(answer.data)) {
    check(record, row);
    operations.push([record, false, row.version, row.token, invoked, returned]);
  }
}

async function keep(task) {
  const client = new Client();
  while (!over) await task(client);
  client.agent.destroy();
}

process.on('disconnect', () => process.exit(1));
const go = new Promise((resolve) => process.once('message', resolve));
process.send('begun');
await go;
process.on('message', () => { over = true; });
await Promise.all([keep(write), ...Array.from({ length: readers }, () => keep(read))]);
process.send({ operations: operations.map((one) => one.map((value) => (value === Infinity ? 'never' : value))), torn, failed }, () => process.disconnect());
process.removeAllListeners('disconnect');
