// Prints `PASSED FAILED` for a report of vitest's json reporter. A skipped test counts as failed: on a machine where
// everything can be installed nothing may be left out. So does a file that failed without a failing test.
import { readFileSync } from 'node:fs';

const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
let passed = 0;
let failed = 0;
for (const { assertionResults, status } of testResults) {
  const good = assertionResults.filter((test) => test.status === 'passed').length;
  const bad = assertionResults.length - good;
  passed += good;
  failed += bad === 0 && status === 'failed' ? 1 : bad;
}
console.log(passed, failed);
