// Counts what `meson test` ran, from its testlog.json: cmocka's own tests (as TAP or as it prints by itself),
// else the program as one. A program that failed without a failed test of its own (a crash, a leak) is one
// failure. cmocka 1.1 calls a skipped test "not ok ... # SKIP", which meson takes for a failure: here it is a
// skip, and said aloud. Prints: passed failed skipped.
import { readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;
let skipped = 0;

for (const line of readFileSync(process.argv[2], 'utf8').split('\n')) {
  if (line === '') continue;
  const { name, result, stdout = '', stderr = '' } = JSON.parse(line);
  const text = `${stdout}\n${stderr}`;
  const count = (pattern) => (text.match(pattern) ?? []).length;
  const skip = count(/^(not )?ok \d+.*# SKIP/gm) + count(/^\[ {2}SKIPPED \] [A-Za-z_]\S*$/gm);
  let ok = count(/^ok \d+(?!.*# SKIP)/gm) + count(/^\[ {7}OK \] /gm);
  let bad = count(/^not ok \d+(?!.*# SKIP)/gm) + count(/^\[ {2}FAILED {2}\] [A-Za-z_]\S*$/gm);
  if (ok + bad + skip === 0 && result === 'OK') ok = 1;
  const onlySkips = result === 'FAIL' && skip > 0; // ERROR is a status of the program, so never that
  if (bad === 0 && !['OK', 'SKIP', 'EXPECTEDFAIL'].includes(result) && !onlySkips) bad = 1;
  if (result === 'SKIP' && skip === 0) skipped += 1;
  if (skip > 0 || result === 'SKIP') console.error(`SKIPPED: ${name}: ${text.trim().split('\n').join(' | ')}`);
  passed += ok;
  failed += bad;
  skipped += skip;
}
console.log(passed, failed, skipped);
