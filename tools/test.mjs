// `npm test`: set-up, then every check there is. Arguments go to vitest, but for `--fault-matrix`: it writes what the tests
// came to into the table in docs/reliability.md. All checks run even if one fails, and the last
// line of stdout counts them: each check that is not a vitest test counts as one.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillFaultMatrix } from './fault-matrix.mjs';
import { isEntry, isInstalled, root, setup } from './setup.mjs';

/** What vitest's JSON report says, as counts. Files that did not load and errors outside of tests count as failures. */
export function countTests(report, exitCode) {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** The one line that others read. */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

const checks = [
  { name: 'format and lint', command: ['@biomejs/biome/bin/biome', 'ci', '--colors=off'] },
  { name: 'types', command: ['typescript/bin/tsc', '-p', 'tsconfig.json'] },
  { name: 'unused code', command: ['knip/bin/knip.js', '--no-progress'] },
];

async function main() {
  // npm's word for where the user stands is no concern of the programs under test.
  const { INIT_CWD: _, ...env } = process.env;
  const total = { passed: 0, failed: 0, skipped: 0 };
  const count = (name, passed) => {
    if (passed) total.passed += 1;
    else total.failed += 1;
    console.log(`${passed ? 'passed' : 'FAILED'}: ${name}\n`);
  };

  try {
    await setup();
  } catch (error) {
    console.log(`set-up: ${error.message}`);
    count('set-up', false);
  }
  if (isInstalled()) {
    for (const { name, command } of checks) count(name, runTool(command, env) === 0);
    const tests = runVitest(process.argv.slice(2), env);
    for (const key of Object.keys(total)) total[key] += tests[key];
  }
  console.log(closingLine(total));
  process.exitCode = total.failed > 0 ? 1 : 0;
}

function runVitest(typed, env) {
  const vitestArguments = typed.filter((word) => word !== '--fault-matrix');
  const folder = mkdtempSync(join(tmpdir(), 'tandem-test-'));
  const reportPath = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`];
    const exitCode = runTool(['vitest/vitest.mjs', 'run', ...reporters, ...vitestArguments], env);
    if (typed.length > vitestArguments.length) fillFaultMatrix([reportPath]);
    return countTests(JSON.parse(readFileSync(reportPath, 'utf8')), exitCode);
  } catch (error) {
    console.log(`vitest left no report: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runTool([script, ...toolArguments], env) {
  const run = spawnSync(process.execPath, [join(root, 'node_modules', script), ...toolArguments], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return run.status ?? 1;
}

if (isEntry(import.meta.url)) await main();
