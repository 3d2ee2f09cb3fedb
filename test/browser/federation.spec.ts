import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  names,
  startThreeApplications,
  type Name,
  type ThreeApplications,
} from '../fixtures/samples/three-applications.js';
import { launchChromium, watch } from './browser.js';
import { legibility } from './legibility.js';
import { button, tabTo } from './page.js';

const refusals = [{ status: 401, path: /\/who-am-i$/ }];

describe('the page of three applications that trust each other', () => {
  let browser: Browser;
  let sample: ThreeApplications;
  const problems: string[][] = [];
  beforeAll(async () => {
    browser = await launchChromium();
    sample = await startThreeApplications();
  }, 240_000); // the first start builds
  afterAll(async () => {
    await browser?.close();
    await sample?.stop();
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    const met = problems.splice(0).flat();
    if (met.length > 0) throw new Error(`The browser met problems:\n${met.join('\n')}`);
  });

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage();
    page.setDefaultTimeout(15_000);
    problems.push(watch(page, refusals));
    await page.goto(sample.url.orders);
    await button(page, 'Sign in at all three').waitFor();
    return page;
  }

  async function signIn(page: Page, person: string): Promise<void> {
    await button(page, 'Sign in at all three').click();
    await page.getByRole('button', { name: new RegExp(person) }).click();
    await page.getByText('Signed in at all three.').waitFor();
  }

  /** The lines of a cell, by row and column. */
  async function cell(page: Page, table: string, row: string, column: string): Promise<string[]> {
    const region = page.getByRole('region', { name: table }).getByRole('table');
    const heads = await region.getByRole('columnheader').allInnerTexts();
    const index = heads.findIndex((head) => head.endsWith(column)) - 1;
    const found = region
      .getByRole('row')
      .filter({ has: page.getByRole('rowheader', { name: new RegExp(`^${row}\\b`) }) })
      .getByRole('cell')
      .nth(index);
    return (await found.innerText())
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  }

  const TRUST = 'Who trusts whom';
  const TRIALS = 'Whose token, tried where';
  const trial = (page: Page, row: string, column: Name) => cell(page, TRIALS, row, column);

  async function tryThem(page: Page, name: string, outcome: string): Promise<void> {
    await button(page, name).click();
    await page.getByText(outcome, { exact: true }).waitFor({ state: 'attached' });
  }

  it('shows who trusts whom, and within which bounds', async () => {
    const page = await open();
    expect(await cell(page, TRUST, 'orders', 'orders')).toEqual(['its own']);
    expect(await cell(page, TRUST, 'orders', 'billing')).toEqual(['trusted']);
    expect(await cell(page, TRUST, 'orders', 'inventory')).toEqual(['trusted within bounds', 'roles:', 'user']);
    expect(await cell(page, TRUST, 'billing', 'inventory')).toEqual(['trusted']);
    expect(await cell(page, TRUST, 'inventory', 'orders')).toEqual(['trusted']);
    for (const name of names) await page.getByText(sample.issuer[name], { exact: true }).waitFor();
  });

  it('one sign-in gives a token of each, and each of them is good at all three', async () => {
    const page = await open();
    await signIn(page, 'Alice');
    expect(page.url()).toBe(sample.url.orders);
    await page.getByRole('heading', { name: 'alice' }).waitFor();
    await tryThem(page, 'Try all', '9 accepted, 0 refused.');
    for (const issuer of names) {
      for (const name of names) {
        const [verdict, whose, iss] = await trial(page, issuer, name);
        expect([verdict, whose, iss]).toEqual(['200 accepted', `alice of ${issuer}`, sample.issuer[issuer]]);
      }
    }
  });

  it('a role that goes beyond the bounds is struck out, there alone', async () => {
    const page = await open();
    await signIn(page, 'Alice');
    await tryThem(page, 'Try all', '9 accepted, 0 refused.');
    expect(await page.locator('del').allInnerTexts()).toEqual(['admin']);
    expect(await trial(page, 'inventory', 'orders')).toEqual(expect.arrayContaining(['user', 'admin']));
    const struck = page.getByRole('cell').filter({ has: page.locator('del') });
    expect(await struck.innerText()).toContain('alice of inventory');
    expect(await struck.getByRole('button').getAttribute('aria-label')).toBe('Try the token of inventory at orders');
  });

  it('a stranger and a forger are refused everywhere, with the reason; nobody has to sign in to see it', async () => {
    const page = await open();
    await tryThem(page, 'Try what must be refused', '0 accepted, 6 refused.');
    for (const name of names) {
      expect(await trial(page, 'a stranger', name)).toEqual(['401 refused', expect.stringMatching(/issuer/), 'Try']);
      expect(await trial(page, 'a forger', name)).toEqual([
        '401 refused',
        expect.stringMatching(/[Ss]ignature/),
        'Try',
      ]);
    }
    expect(await button(page, 'Try all').isDisabled()).toBe(true);
  });

  it('each token can be tried alone', async () => {
    const page = await open();
    await signIn(page, 'Bob');
    await button(page, 'Try the token of billing at inventory').click();
    await page.getByText('200 accepted').waitFor();
    expect(await trial(page, 'billing', 'inventory')).toEqual([
      '200 accepted',
      'bob of billing',
      sample.issuer.billing,
      'user',
      'Try',
    ]);
    expect(await trial(page, 'billing', 'orders')).toEqual(['Try']);
  });

  it('a reload keeps the tokens; signing out ends all of it, and the next may be somebody else', async () => {
    const page = await open();
    await signIn(page, 'Alice');
    await page.reload();
    await tryThem(page, 'Try all', '9 accepted, 0 refused.');
    await button(page, 'Sign out').click();
    await button(page, 'Sign in at all three').waitFor();
    expect(await button(page, 'Try the token of orders at billing').isDisabled()).toBe(true);
    await signIn(page, 'Bob');
    await page.getByRole('heading', { name: 'bob' }).waitFor();
  });

  it('takes no answer to a login that somebody else has begun', async () => {
    const page = await open();
    await page.goto(`${sample.url.orders}?code=stolen&state=x|${sample.url.orders}|verifier`);
    await page.getByText('This answer does not belong to a login begun in this tab.').waitFor();
    await button(page, 'Sign in at all three').click();
    await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
    await page.goto(`${sample.url.orders}?code=stolen&state=another`);
    await page.getByText('This answer does not belong to a login begun in this tab.').waitFor();
    expect(page.url()).toBe(sample.url.orders);
    expect(await button(page, 'Try all').isDisabled()).toBe(true);
  });

  it('a login that is cancelled is told', async () => {
    const page = await open();
    await button(page, 'Sign in at all three').click();
    await button(page, 'Cancel').click();
    await page.getByText('The login was cancelled').waitFor();
    expect(await button(page, 'Sign in at all three').isVisible()).toBe(true);
    expect(page.url()).toBe(sample.url.orders);
  });

  it('all of it is reached by the keyboard, and the focus is seen', async () => {
    const page = await open();
    await signIn(page, 'Alice');
    expect(await tabTo(page, 'Try all')).toBe('solid');
    expect(await tabTo(page, 'Try the token of inventory at orders')).toBe('solid');
    await page.keyboard.press('Enter');
    await page.getByText('200 accepted').waitFor();
  });

  describe.each([
    { screen: 'a wide screen', viewport: { width: 1280, height: 860 } },
    { screen: 'a phone', viewport: { width: 375, height: 720 } },
  ])('on $screen', ({ viewport }) => {
    it.each(['light', 'dark'] as const)('nothing is cut off and everything can be read, in %s', async (colorScheme) => {
      const page = await open({ viewport, colorScheme });
      await signIn(page, 'Alice');
      await tryThem(page, 'Try all', '9 accepted, 0 refused.');
      await tryThem(page, 'Try what must be refused', '0 accepted, 6 refused.');
      expect(await legibility(page)).toEqual({
        fits: true,
        dark: colorScheme === 'dark',
        contrast: expect.toSatisfy((ratio: number) => ratio > 7),
      });
      const tables = await page.getByRole('table').all();
      const cut = await Promise.all(
        tables.map((table) =>
          table.evaluate(({ parentElement }) => parentElement.scrollWidth > parentElement.clientWidth),
        ),
      );
      expect(cut).toEqual([false, false]);
    });
  });
});
