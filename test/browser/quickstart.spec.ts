import { describe, expect, it } from 'vitest';
import { legibility } from './legibility.js';
import { modes } from './modes.js';
import { button, call, callEach, claim, logIn } from './page.js';
import { visits } from './visits.js';

describe.each(modes)('in $name mode', (mode) => {
  const visit = visits(mode);

  describe('somebody who is not logged in', () => {
    it('is let in at the public and the optional route, and asked for a token at the others', async () => {
      const page = await visit.open();
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
      const page = await visit.open();
      await logIn(page, name);
      expect(page.url()).toBe(visit.quickstart.page);

      await page.getByRole('heading', { name }).waitFor();
      await page.getByText(`${username}@example.org · ${username}`).waitFor();
      expect(await page.locator('#person-roles .chip').allInnerTexts()).toEqual(roles);

      expect(await claim(page, 'department').innerText()).toBe(department);
      expect(await claim(page, 'iss').innerText()).toBe(mode.issuer(visit.quickstart));
      expect(await claim(page, 'exp').innerText()).toMatch(/^\d+ \w+ \d{4}, \d\d:\d\d:\d\d\nin \d minutes$/);
      await page.getByRole('tab', { name: 'User info' }).click();
      expect(await claim(page, 'email').innerText()).toBe(`${username}@example.org`);

      expect(await callEach(page)).toEqual({ public: 200, optional: 200, protected: 200, scope: 200, ...differs });
      expect((await call(page, 'optional')).answer).toContain(name);
      const refused = await call(page, differs.role === 403 ? 'role' : 'claim');
      expect(refused.answer).toContain('error="insufficient_scope"');

      await button(page, 'Log out').click();
      await page.getByText('Logged out.').waitFor();
      expect(page.url()).toBe(visit.quickstart.page);
      expect((await call(page, 'protected')).status).toContain('401');
      await button(page, 'Log in').click();
      await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor(); // the provider has forgotten them, too
    });
  });

  describe('a session', () => {
    it('counts down, expires, and begins anew by Refresh', async () => {
      const page = await visit.open();
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
      await page.getByText('Refreshed.', { exact: true }).waitFor();
      expect(await claim(page, 'jti').innerText()).not.toBe(before);
      expect(await left.innerText()).toMatch(/^(4:5\d|5:00)$/);
      expect((await call(page, 'protected')).status).toContain('200');
    });

    it('survives a reload, and lives in its own tab only', async () => {
      const page = await visit.open();
      await logIn(page, 'Alice');
      await page.reload();
      await page.getByRole('heading', { name: 'Alice Liddell' }).waitFor();
      const other = await page.context().newPage();
      await other.goto(visit.quickstart.page);
      await button(other, 'Log in').waitFor();
      expect(await button(other, 'Log out').isVisible()).toBe(false);
    });

    it('has only the scopes that were asked for', async () => {
      const page = await visit.open();
      await page.getByText('What to ask for').click();
      await page.getByLabel('email', { exact: true }).uncheck();
      await logIn(page, 'Alice');
      const { status, answer } = await call(page, 'scope');
      expect(status).toContain('403');
      expect(answer).toContain('scope="email"');
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
      const page = await visit.open({ viewport, colorScheme });
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
});
