import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { expect, it } from 'vitest';
import { Distinct } from './distinct.js';
import type { Kinds } from './mutations/index.js';

/** All in all; `npm run test:corpus` asks for more. */
const TOKENS = Number(process.env['CORPUS_TOKENS'] ?? 3_000);
/** Sent at once, in one property. */
const AT_ONCE = 25;
/** Some kinds draw a token twice at times, so more are drawn. One that has become a handful of tokens is never done. */
const MOST_DRAWS = 4;
const LONG = { timeout: 600_000 };

declare module 'vitest' {
  interface TaskMeta {
    /** Different tokens that this test has seen refused everywhere. */
    refused?: number;
  }
}

/** Says what is wrong with how a token was treated. */
export type Judge = (token: string) => Promise<string | undefined>;

export interface CorpusOptions {
  /** Of all tokens. The shares of all files make one. */
  readonly share: number;
  readonly isSignedAnew: boolean;
}

/** A test for each kind: as many different tokens as fall to it, all of which are refused. */
export function itRefuses(kinds: Kinds, judge: Judge, options: CorpusOptions): void {
  const entries = Object.entries(kinds);
  const distinct = new Distinct(options.isSignedAnew);
  it.for(entries)('refuses, with a reason of its own: %s', LONG, async ([, kind], { task }) => {
    const tokens = tokensOfEach(entries.length, options);
    task.meta.refused = await expectRightVerdicts(kind, tokens, judge, distinct);
  });
}

/** The same for tokens that may be accepted where nothing is demanded. */
export function itIsNotDeceivedBy(kinds: Kinds, judge: Judge, options: CorpusOptions): void {
  const entries = Object.entries(kinds);
  const distinct = new Distinct(options.isSignedAnew);
  it.for(entries)('opens no constrained route, and is of one mind with jose: %s', LONG, async ([, kind]) => {
    await expectRightVerdicts(kind, tokensOfEach(entries.length, options), judge, distinct);
  });
}

const tokensOfEach = (kinds: number, { share }: CorpusOptions) => Math.ceil((TOKENS * share) / kinds);

/** @returns how many were drawn that no other kind has drawn before: as many as were asked for, or a few more */
async function expectRightVerdicts(
  kind: Arbitrary<string>,
  tokens: number,
  judge: Judge,
  distinct: Distinct,
): Promise<number> {
  const before = distinct.size;
  let drawn = 0;
  while (distinct.size < before + tokens && drawn < tokens * MOST_DRAWS) {
    drawn += await expectNoneWrong(kind, before + tokens - distinct.size, (token) => {
      distinct.add(token);
      return judge(token);
    });
  }
  expect(distinct.size - before).toBeGreaterThanOrEqual(tokens);
  return distinct.size - before;
}

/**
 * Fails with those tokens that were treated wrongly.
 *
 * @returns how many were drawn
 */
async function expectNoneWrong(kind: Arbitrary<string>, tokens: number, judge: Judge): Promise<number> {
  const atOnce = Math.min(AT_ONCE, tokens);
  const numRuns = Math.ceil(tokens / atOnce);
  await fc.assert(
    fc.asyncProperty(fc.array(kind, { minLength: atOnce, maxLength: atOnce }), async (batch) => {
      expect((await Promise.all(batch.map(judge))).filter((wrong) => wrong !== undefined)).toEqual([]);
    }),
    // What is signed with ECDSA cannot be drawn again, and each token is small enough to be looked at.
    { numRuns, endOnFailure: true },
  );
  return atOnce * numRuns;
}
