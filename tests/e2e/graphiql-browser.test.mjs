// The IDE in a browser: it learns the schema, answers the nested query with a person's IIN, and nothing leaves this
// machine: every request of the page is watched, and so are its console and its Content-Security-Policy.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => existsSync(file));
const PATIENCE = 120_000; // for a busy machine; nothing here waits for a time to pass
// No service of the browser's own: what is asked of the network is then the page's doing.
const FLAGS = ['--disable-background-networking', '--disable-component-update', '--disable-default-apps', '--disable-sync', '--disable-extensions',
  '--disable-domain-reliability', '--no-first-run', '--no-default-browser-check', '--no-pings', '--disable-gpu', '--disable-dev-shm-usage',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'];

let database, server, browser, profile, page, person;
const requests = [], complaints = [];

before(async () => {
  assert.ok(CHROMIUM, 'no Chromium is installed: scripts/deps test');
  database = await createDatabase();
  server = await startServer({ database });
  [person] = await database.query(`SELECT p.iin, p.full_name AS name, json_agg(r.number ORDER BY r.issued_on DESC, r.id DESC) AS numbers
    FROM patient p JOIN prescription r ON r.patient_id = p.id AND r.superseded_by IS NULL GROUP BY p.id HAVING count(*) >= 3 ORDER BY p.id LIMIT 1`);
  profile = mkdtempSync(path.join(os.tmpdir(), 'tolqujat-chromium.'));
  browser = await puppeteer.launch({
    executablePath: CHROMIUM, headless: true, userDataDir: profile, timeout: PATIENCE, protocolTimeout: PATIENCE,
    // Chromium's sandbox refuses to run as root; the only page that it opens is ours.
    args: process.getuid() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS,
  });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.setViewport({ width: 1400, height: 1000 });
  // A violation of the policy is reported to the page, whether the console shows it or not.
  await page.evaluateOnNewDocument(() => {
    globalThis.violations = [];
    document.addEventListener('securitypolicyviolation', (e) => violations.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  page.on('request', (request) => requests.push(request.url()));
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (response) => { if (response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`); });
  page.on('console', (message) => { if (['error', 'warn'].includes(message.type())) complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => { complaints.push(dialog.message()); dialog.dismiss().catch(() => {}); });
});
after(async () => {
  await browser?.close();
  if (profile) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  await server?.stop();
  await database?.drop();
});

/** What the answer's editor holds, as JSON; null while it holds none. */
const answer = (wanted) => page.waitForFunction((text) => {
  const editor = document.querySelector('.result-window .CodeMirror')?.CodeMirror;
  try {
    const value = JSON.parse(editor.getValue());
    return JSON.stringify(value).includes(text) ? value : null;
  } catch {
    return null;
  }
}, {}, wanted).then((handle) => handle.jsonValue());

test('opens with the IIN of the address, and knows the schema', async () => {
  await page.goto(`${server.url}/graphiql#iin=${person.iin}`);
  await page.waitForSelector('.graphiql-execute-button');
  await page.click('button[aria-label="Show Documentation Explorer"]');
  await page.waitForFunction(() => /query:\s*Query/.test(document.querySelector('.graphiql-doc-explorer')?.innerText ?? ''));
  await (await page.waitForSelector('::-p-xpath(//*[contains(@class, "graphiql-doc-explorer")]//a[text()="Query"])')).click();
  await page.waitForFunction(() => /patient\s*\(\s*iin: ID!\s*\)\s*: Patient/.test(document.querySelector('.graphiql-doc-explorer').innerText));
});

test('runs the query that it comes with', async () => {
  await page.click('.graphiql-execute-button');
  const { data } = await answer(person.name);
  assert.equal(data.patient.fullName, person.name);
  assert.deepEqual(data.patient.prescriptions.nodes.map(({ number }) => number), person.numbers.slice(0, 5));
  assert.match(data.patient.prescriptions.nodes[0].drug.priceCap ?? '0.00', /^\d+\.\d\d$/);
});

test('runs what is typed, completed from the schema', async () => {
  await page.click('.graphiql-query-editor .CodeMirror');
  await page.keyboard.down('Control');
  await page.keyboard.press('KeyA');
  await page.keyboard.up('Control');
  await page.keyboard.press('Delete');
  // The same name: GraphiQL learns a new one a moment after it is typed.
  await page.keyboard.type('query Passport($iin: ID!) { patient(iin: $iin) { birth');
  await page.waitForFunction(() => /birthDate/.test(document.querySelector('.CodeMirror-hints')?.innerText ?? ''));
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => /birthDate/.test(document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue()));
  await page.keyboard.down('Control');
  await page.keyboard.press('Enter');
  await page.keyboard.up('Control');
  const [{ born }] = await database.query(`SELECT birth_date AS born FROM patient WHERE iin = '${person.iin}'`);
  assert.deepEqual(await answer('{"data":{"patient":{"birthDate"'), { data: { patient: { birthDate: born } } });
});

test('asks with the token of the address', async () => {
  const other = await browser.newPage();
  const asked = [];
  other.on('request', (request) => {
    requests.push(request.url());
    if (request.method() === 'POST') asked.push(request.headers().authorization);
  });
  await other.goto(`${server.url}/graphiql#iin=${person.iin}&token=abc.def.ghi`);
  await (await other.waitForSelector('.graphiql-execute-button', { timeout: PATIENCE })).click();
  await other.waitForFunction((name) => document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue().includes(name),
    { timeout: PATIENCE }, person.name);
  assert.ok(asked.length >= 1);
  assert.deepEqual(new Set(asked), new Set(['Bearer abc.def.ghi']));
  await other.close();
});

test('nothing left this machine, and nothing was complained of', async () => {
  if (process.env.GRAPHIQL_SCREENSHOT) await page.screenshot({ path: process.env.GRAPHIQL_SCREENSHOT });
  const ours = (url) => url.startsWith(`${server.url}/`) || url.startsWith('data:') || url.startsWith('blob:');
  assert.ok(requests.filter(ours).length >= 8, requests.join('\n'));
  assert.deepEqual(requests.filter((url) => !ours(url)), []);
  assert.ok(requests.every((url) => !url.startsWith('http') || !url.includes(person.iin) || url.includes(`/graphiql#iin=${person.iin}`)));
  assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
  assert.deepEqual(complaints, []);
  // What was typed is a person's: it is kept no longer than the tab.
  assert.equal(await page.evaluate(() => localStorage.length), 0);
});
