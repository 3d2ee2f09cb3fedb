import { readdirSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** Adds up the tokens that the tests of all files saw refused, and lets a run of all of them fail that has too few. */
export class Tally implements Reporter {
  constructor(private readonly least: number) {}

  onTestRunEnd(modules: readonly TestModule[]): void {
    const refused = modules
      .flatMap((module) => [...module.children.allTests()])
      .reduce((sum, test) => sum + ((test.meta() as { refused?: number }).refused ?? 0), 0);
    process.stdout.write(`\n${refused} different tokens were refused.\n`);
    const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.spec.ts'));
    if (refused >= this.least || modules.length < files.length) return;
    process.stdout.write(`That is less than ${this.least}.\n`);
    process.exitCode = 1;
  }
}
