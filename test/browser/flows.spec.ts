import { describe, expect, it } from 'vitest';
import { broker } from './modes.js';
import { answerElsewhere, button, call, tabTo } from './page.js';
import { visits } from './visits.js';

const visit = visits(broker);

describe('the device flow', () => {
  const pending = [{ status: 400, path: /\/token$/ }]; // RFC 8628 §3.5: "not yet" is an error to HTTP

  it('shows code and link, waits, and signs in once it is approved on another device', async () => {
    const page = await visit.open({}, pending);
    await button(page, 'Log in with another device').click();
    await page.getByText(/code valid for (9:5\d|10:00)/).waitFor();
    await page.waitForResponse((response) => response.url().endsWith('/token') && response.status() === 400);
    await page.getByText('Waiting for approval').waitFor();

    const device = await answerElsewhere(visit.browser, page, 'Yes, connect it');
    await device.getByRole('button', { name: /Bob/ }).click();
    await device.getByRole('heading', { name: /Device connected/ }).waitFor();

    await page.getByText('Device flow done.').waitFor();
    await page.getByRole('heading', { name: 'Bob Builder' }).waitFor();
    expect((await call(page, 'protected')).status).toContain('200');
    await button(page, 'Close').click();
    expect(await page.locator('#device').isVisible()).toBe(false);
  });

  it('says so when somebody refuses it, and can begin again or be cancelled', async () => {
    const page = await visit.open({}, pending);
    await button(page, 'Log in with another device').click();
    await page.locator('#device-code').waitFor();
    await answerElsewhere(visit.browser, page, 'No');
    await page.getByText('cancelled or refused').first().waitFor();
    await button(page, 'Begin again').click();
    await page.locator('#device-code').waitFor();
    await button(page, 'Cancel').click();
    expect(await page.locator('#device').isVisible()).toBe(false);
  });
});

describe('what can go wrong at the identity provider', () => {
  it('is told in words: a login that was cancelled', async () => {
    const page = await visit.open();
    await button(page, 'Log in').click();
    await button(page, 'Cancel').click();
    await page.getByText('The login was cancelled or refused at the identity provider.').waitFor();
    expect(page.url()).toBe(visit.quickstart.page);
  });

  it('is told in words: a password that is wrong, then right', async () => {
    const page = await visit.open({}, [{ status: 401, path: /^\/login\// }]);
    await button(page, 'Log in').click();
    await page.getByLabel('Name').fill('alice');
    await page.getByLabel('Password').fill('wrong');
    await button(page, 'Sign in').click();
    await page.getByText('do not belong together').waitFor();
    await page.getByLabel('Password').fill('wonderland');
    await button(page, 'Sign in').click();
    await page.getByRole('heading', { name: 'Alice Liddell' }).waitFor();
    expect(page.url()).toBe(visit.quickstart.page);
  });

  it('is told in words: an answer to a login that another tab began', async () => {
    const page = await visit.open();
    await page.goto(`${visit.quickstart.page}?code=somebody-elses&state=somebody-elses`);
    await page.getByText('does not belong to a login begun in this tab').waitFor();
    expect(page.url()).toBe(visit.quickstart.page);
  });
});

describe('by keyboard alone', () => {
  it('a person logs in, calls a route, refreshes and logs out', async () => {
    const page = await visit.open();
    expect(await tabTo(page, 'Log in')).not.toBe('none');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
    expect(await tabTo(page, 'Name')).not.toBe('none');
    await page.keyboard.type('bob');
    expect(await tabTo(page, 'Password')).not.toBe('none');
    await page.keyboard.type('builder');
    await page.keyboard.press('Enter');

    await page.getByRole('heading', { name: 'Bob Builder' }).waitFor();
    expect(await tabTo(page, 'Access token')).not.toBe('none');
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('tab', { name: broker.tabs[1] }).getAttribute('aria-selected')).toBe('true');
    expect(await tabTo(page, 'Call /api/demo/role')).not.toBe('none');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('answered 403').waitFor({ state: 'attached' });
    expect(await tabTo(page, 'Refresh')).not.toBe('none');
    await page.keyboard.press('Enter');
    await page.getByText('Refreshed.', { exact: true }).waitFor();
    expect(await tabTo(page, 'Log out')).not.toBe('none');
    await page.keyboard.press('Enter');
    await page.getByText('Logged out.').waitFor();
  });
});
