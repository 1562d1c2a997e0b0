// Counts a run of node's test runner from the summary of its TAP. Prints: passed failed skipped.
import { readFileSync } from 'node:fs';

const text = readFileSync(process.argv[2], 'utf8');
const number = (name) => {
  const found = text.match(new RegExp(`^# ${name} (\\d+)$`, 'm'));
  if (!found) throw new Error(`the summary has no "# ${name}"`); // the runner was ended before it was done
  return Number(found[1]);
};
console.log(number('pass'), number('fail') + number('cancelled'), number('skipped') + number('todo'));
