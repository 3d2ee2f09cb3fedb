import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, watch, type Expected } from './browser.js';
import { legibility } from './legibility.js';
import { answerElsewhere, button, call, callEach, claim, logIn, tabTo } from './page.js';
import { startQuickstart, type Quickstart } from './quickstart.js';

let browser: Browser;
let quickstart: Quickstart;
let problems: string[] = [];

beforeAll(async () => {
  browser = await launchChromium();
  quickstart = await startQuickstart();
});

afterAll(async () => {
  await browser?.close();
  await quickstart?.stop();
});

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  if (problems.length > 0) throw new Error(`The browser met problems:\n${problems.join('\n')}`);
});

async function open(options: BrowserContextOptions = {}, expected: Expected[] = []): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  problems = watch(page, expected);
  await page.goto(quickstart.page);
  await button(page, 'Log in').waitFor();
  return page;
}

describe('somebody who is not logged in', () => {
  it('is let in at the public and the optional route, and asked for a token at the others', async () => {
    const page = await open();
    expect(await callEach(page)).toEqual({
      public: 200,
      optional: 200,
      protected: 401,
      scope: 401,
      claim: 401,
      role: 401,
    });
    expect((await call(page, 'optional')).answer).toContain('stranger');
    expect((await call(page, 'protected')).answer).toContain('WWW-Authenticate: Bearer');
  });
});

describe.each([
  {
    name: 'Alice Liddell',
    username: 'alice',
    roles: ['admin', 'user'],
    department: 'engineering',
    claim: 403,
    role: 200,
  },
  { name: 'Bob Builder', username: 'bob', roles: ['user'], department: 'finance', claim: 200, role: 403 },
])('$name', ({ name, username, roles, department, ...differs }) => {
  it('logs in, sees who they are and what the tokens say, tries every route, and logs out', async () => {
    const page = await open();
    await logIn(page, name);
    expect(page.url()).toBe(quickstart.page);

    await page.getByRole('heading', { name }).waitFor();
    await page.getByText(`${username}@example.org · ${username}`).waitFor();
    expect(await page.locator('#person-roles .chip').allInnerTexts()).toEqual(roles);

    expect(await claim(page, 'department').innerText()).toBe(department);
    expect(await claim(page, 'iss').innerText()).toBe(quickstart.provider);
    expect(await claim(page, 'exp').innerText()).toMatch(/^\d+ \w+ \d{4}, \d\d:\d\d:\d\d\nin \d minutes$/);
    await page.getByRole('tab', { name: 'ID token' }).click();
    expect(await claim(page, 'nonce').innerText()).not.toBe('');
    await page.getByRole('tab', { name: 'User info' }).click();
    expect(await claim(page, 'email').innerText()).toBe(`${username}@example.org`);

    expect(await callEach(page)).toEqual({ public: 200, optional: 200, protected: 200, scope: 200, ...differs });
    expect((await call(page, 'optional')).answer).toContain(name);
    const refused = await call(page, differs.role === 403 ? 'role' : 'claim');
    expect(refused.answer).toContain('error="insufficient_scope"');

    await button(page, 'Log out').click();
    await page.getByText('Logged out.').waitFor();
    expect(page.url()).toBe(quickstart.page);
    expect((await call(page, 'protected')).status).toContain('401');
    await button(page, 'Log in').click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor(); // the provider has forgotten them, too
  });
});

describe('a session', () => {
  it('counts down, expires, and begins anew by Refresh', async () => {
    const page = await open();
    await page.clock.install();
    await logIn(page, 'Bob');
    const left = page.locator('#lifetime-left');
    expect(await left.innerText()).toMatch(/^(4:5\d|5:00)$/);
    await page.clock.fastForward('02:00');
    expect(await left.innerText()).toMatch(/^(2:5\d|3:00)$/);
    await page.clock.fastForward('03:30');
    expect(await left.innerText()).toBe('expired');

    const before = await claim(page, 'jti').innerText();
    await button(page, 'Refresh').click();
    await page.getByText('Refreshed.').waitFor();
    expect(await claim(page, 'jti').innerText()).not.toBe(before);
    expect(await left.innerText()).toMatch(/^(4:5\d|5:00)$/);
    expect((await call(page, 'protected')).status).toContain('200');
  });

  it('survives a reload, and lives in its own tab only', async () => {
    const page = await open();
    await logIn(page, 'Alice');
    await page.reload();
    await page.getByRole('heading', { name: 'Alice Liddell' }).waitFor();
    const other = await page.context().newPage();
    await other.goto(quickstart.page);
    await button(other, 'Log in').waitFor();
    expect(await button(other, 'Log out').isVisible()).toBe(false);
  });

  it('has only the scopes that were asked for', async () => {
    const page = await open();
    await page.getByText('What to ask for').click();
    await page.getByLabel('email', { exact: true }).uncheck();
    await logIn(page, 'Alice');
    const { status, answer } = await call(page, 'scope');
    expect(status).toContain('403');
    expect(answer).toContain('scope="email"');
  });
});

describe('the device flow', () => {
  const pending = [{ status: 400, path: /\/token$/ }]; // RFC 8628 §3.5: "not yet" is an error to HTTP

  it('shows code and link, waits, and signs in once it is approved on another device', async () => {
    const page = await open({}, pending);
    await button(page, 'Log in with another device').click();
    await page.getByText(/code valid for (9:5\d|10:00)/).waitFor();
    await page.waitForResponse((response) => response.url().endsWith('/token') && response.status() === 400);
    await page.getByText('Waiting for approval').waitFor();

    const device = await answerElsewhere(browser, page, 'Yes, connect it');
    await device.getByRole('button', { name: /Bob/ }).click();
    await device.getByRole('heading', { name: /Device connected/ }).waitFor();

    await page.getByText('Device flow done.').waitFor();
    await page.getByRole('heading', { name: 'Bob Builder' }).waitFor();
    expect((await call(page, 'protected')).status).toContain('200');
    await button(page, 'Close').click();
    expect(await page.locator('#device').isVisible()).toBe(false);
  });

  it('says so when somebody refuses it, and can begin again or be cancelled', async () => {
    const page = await open({}, pending);
    await button(page, 'Log in with another device').click();
    await page.locator('#device-code').waitFor();
    await answerElsewhere(browser, page, 'No');
    await page.getByText('cancelled or refused').first().waitFor();
    await button(page, 'Begin again').click();
    await page.locator('#device-code').waitFor();
    await button(page, 'Cancel').click();
    expect(await page.locator('#device').isVisible()).toBe(false);
  });
});

describe('what can go wrong at the identity provider', () => {
  it('is told in words: a login that was cancelled', async () => {
    const page = await open();
    await button(page, 'Log in').click();
    await button(page, 'Cancel').click();
    await page.getByText('The login was cancelled or refused at the identity provider.').waitFor();
    expect(page.url()).toBe(quickstart.page);
  });

  it('is told in words: a password that is wrong, then right', async () => {
    const page = await open({}, [{ status: 401, path: /^\/login\// }]);
    await button(page, 'Log in').click();
    await page.getByLabel('Name').fill('alice');
    await page.getByLabel('Password').fill('wrong');
    await button(page, 'Sign in').click();
    await page.getByText('do not belong together').waitFor();
    await page.getByLabel('Password').fill('wonderland');
    await button(page, 'Sign in').click();
    await page.getByRole('heading', { name: 'Alice Liddell' }).waitFor();
    expect(page.url()).toBe(quickstart.page);
  });

  it('is told in words: an answer to a login that another tab began', async () => {
    const page = await open();
    await page.goto(`${quickstart.page}?code=somebody-elses&state=somebody-elses`);
    await page.getByText('does not belong to a login begun in this tab').waitFor();
    expect(page.url()).toBe(quickstart.page);
  });
});

describe('by keyboard alone', () => {
  it('a person logs in, calls a route, refreshes and logs out', async () => {
    const page = await open();
    expect(await tabTo(page, 'Log in')).not.toBe('none');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await tabTo(page, 'Name')).not.toBe('none');
    await page.keyboard.type('bob');
    expect(await tabTo(page, 'Password')).not.toBe('none');
    await page.keyboard.type('builder');
    await page.keyboard.press('Enter');

    await page.getByRole('heading', { name: 'Bob Builder' }).waitFor();
    expect(await tabTo(page, 'Access token')).not.toBe('none');
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('tab', { name: 'ID token' }).getAttribute('aria-selected')).toBe('true');
    expect(await tabTo(page, 'Call /api/demo/role')).not.toBe('none');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('answered 403').waitFor({ state: 'attached' });
    expect(await tabTo(page, 'Refresh')).not.toBe('none');
    await page.keyboard.press('Enter');
    await page.getByText('Refreshed.').waitFor();
    expect(await tabTo(page, 'Log out')).not.toBe('none');
    await page.keyboard.press('Enter');
    await page.getByText('Logged out.').waitFor();
  });
});

describe.each([
  { screen: 'a wide screen', viewport: { width: 1280, height: 860 } },
  { screen: 'a phone', viewport: { width: 375, height: 720 } },
])('on $screen', ({ viewport }) => {
  it.each(['light', 'dark'] as const)('nothing is cut off and everything can be read, in %s', async (colorScheme) => {
    const readable = {
      fits: true,
      dark: colorScheme === 'dark',
      contrast: expect.toSatisfy((ratio: number) => ratio > 7),
    };
    const page = await open({ viewport, colorScheme });
    expect(await legibility(page)).toEqual(readable);
    await button(page, 'Log in').click();
    await page.getByRole('button', { name: /Bob/ }).waitFor();
    expect(await legibility(page)).toEqual(readable);
    await page.getByRole('button', { name: /Bob/ }).click();
    await button(page, 'Log out').waitFor();
    await button(page, 'Device flow').click();
    await page.locator('#device-code').waitFor();
    await button(page, 'Call all').click();
    await page.getByText('403 Forbidden').waitFor();
    expect(await legibility(page)).toEqual(readable);
  });
});
