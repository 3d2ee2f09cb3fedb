import { describe, expect, it } from 'vitest';
import { broker, passThrough } from './modes.js';
import { accessTokenOf, button, call, claim, events, factsOf, logIn, newestEvents, sessionRow } from './page.js';
import { visits } from './visits.js';

const refused = [{ status: 400, path: /\/token$/ }]; // the refresh of a session that has ended
const moment = /^\d+ \w+ \d{4}, \d\d:\d\d:\d\d$/;

describe('in broker mode', () => {
  const visit = visits(broker);

  /** Ends what earlier tests have left. */
  async function endSessionsOf(name: string): Promise<void> {
    const page = await visit.open();
    await logIn(page, name);
    await button(page, 'End all').click();
    await page.getByText('All your sessions have ended.').waitFor();
    await page.context().close();
  }

  it('the page says whose token it is, and shows its header and the key it is signed with', async () => {
    const page = await visit.open();
    expect(await page.locator('#mode').innerText()).toBe('Broker mode');
    await logIn(page, 'Alice');
    await page.getByText('Issued by this application').waitFor();
    expect(await claim(page, 'typ').innerText()).toBe('at+jwt');
    const kid = await claim(page, 'kid').innerText();
    expect(await page.getByRole('tab').allInnerTexts()).toEqual(broker.tabs);

    await page.getByRole('tab', { name: 'Keys' }).click();
    expect(await claim(page, 'kid').innerText()).toBe(kid);
    await page.getByText('Your access token is signed with this key: this browser has just checked.').waitFor();
    const jwks = await page.request.get(`${visit.quickstart.page}api/auth/v2/.well-known/jwks.json`);
    await page.getByText('The JWKS as it is').click();
    expect(JSON.parse(await page.locator('#panel-keys pre').innerText())).toEqual(await jwks.json());
  });

  it('a refresh is one at the identity provider, too, and the page shows both', async () => {
    const page = await visit.open();
    await logIn(page, 'Alice');
    const row = sessionRow(page, 'This tab');
    await row.waitFor();
    expect(await factsOf(row)).toEqual({
      Created: expect.stringMatching(moment),
      'Last refresh': 'not yet',
      Refreshes: '0',
      Ends: expect.stringMatching(moment),
    });
    expect(await newestEvents(page, 2)).toEqual([
      'application: Access token signed (login)',
      'provider: You logged in, and a session began',
    ]);

    await button(page, 'Refresh').click();
    await events(page).first().getByText('Refresh token replaced').waitFor();
    expect(await newestEvents(page, 3)).toEqual([
      'application: Refresh token replaced by number 2',
      'application: Access token signed (refresh)',
      expect.stringMatching('provider: Refreshed there, too'),
    ]);
    expect(await factsOf(row)).toMatchObject({ 'Last refresh': expect.stringMatching(moment), Refreshes: '1' });
  });

  it('somebody sees the sessions of their other logins, and ends one of them from here', async () => {
    await endSessionsOf('Bob');
    const page = await visit.open();
    await logIn(page, 'Bob');
    const other = await visit.open({}, refused);
    await logIn(other, 'Bob');
    // Comes in by itself.
    const elsewhere = sessionRow(page, 'Another login');
    await elsewhere.waitFor();
    await elsewhere.getByRole('button', { name: 'End this one' }).click();
    await page.getByText('The other session has ended.').waitFor();
    await elsewhere.waitFor({ state: 'detached' });
    expect(await sessionRow(page, 'This tab').count()).toBe(1);

    await other.getByText('The session of this tab has ended.').waitFor();
    expect((await call(other, 'protected')).status).toContain('200');
    await button(other, 'Refresh').click();
    await other.getByText('This is no longer valid').waitFor();
    await button(other, 'Log in').waitFor();

    await button(page, 'Refresh').click();
    await page.getByText('Refreshed.', { exact: true }).waitFor();
  });

  it('somebody ends all of their sessions, and nobody else’s', async () => {
    const alice = await visit.open();
    await logIn(alice, 'Alice');
    const bob = await visit.open({}, refused);
    await logIn(bob, 'Bob');
    await sessionRow(bob, 'This tab').waitFor();
    await button(bob, 'End all').click();
    await bob.getByText('All your sessions have ended.').waitFor();
    await button(bob, 'End this one').first().waitFor({ state: 'detached' });
    await button(bob, 'Refresh').click();
    await button(bob, 'Log in').waitFor();

    await button(alice, 'Refresh').click();
    await events(alice).first().getByText('Refresh token replaced').waitFor();
    expect(await factsOf(sessionRow(alice, 'This tab'))).toMatchObject({ Refreshes: '1' });
  });

  it('nobody sees what happens to others, or ends their sessions', async () => {
    const alice = await visit.open();
    await logIn(alice, 'Alice');
    const sid = await claim(alice, 'sid').innerText();
    const bob = await visit.open();
    await logIn(bob, 'Bob');
    const headers = { Authorization: `Bearer ${await accessTokenOf(bob)}` };

    const told = await bob.request.get(`${visit.quickstart.page}api/demo/events`, { headers });
    expect(await told.text()).toContain('"login"');
    expect(await told.text()).not.toContain(sid);
    const ended = await bob.request.delete(`${visit.quickstart.page}api/demo/sessions/${sid}`, { headers });
    expect(ended.status()).toBe(404);
    await button(alice, 'Refresh').click();
    await alice.getByText('Refreshed.', { exact: true }).waitFor();
  });

  it('logging out ends the session here before it ends at the provider', async () => {
    await endSessionsOf('Alice');
    const witness = await visit.open();
    await logIn(witness, 'Alice');
    const page = await visit.open();
    await logIn(page, 'Alice');
    await sessionRow(witness, 'Another login').waitFor();

    const asked = page.waitForRequest((request) => request.url().endsWith('/auth/v2/logout'));
    await button(page, 'Log out').click();
    expect((await asked).method()).toBe('POST');
    await page.getByText('Logged out.').waitFor();
    await events(witness).filter({ hasText: 'A session ended by logging out' }).waitFor();
    await sessionRow(witness, 'Another login').waitFor({ state: 'detached' });
  });
});

describe('in pass-through mode', () => {
  const visit = visits(passThrough);

  it('the page says whose token it is, and shows nothing that only a broker has', async () => {
    const page = await visit.open();
    expect(await page.locator('#mode').innerText()).toBe('Pass-through mode');
    await logIn(page, 'Alice');
    await page.getByText('Issued by the identity provider').waitFor();
    expect(await page.getByRole('tab').allInnerTexts()).toEqual(passThrough.tabs);
    expect(await page.getByRole('region', { name: 'Your sessions' }).isVisible()).toBe(false);
    expect(await page.getByRole('region', { name: 'What happened' }).isVisible()).toBe(false);
    for (const path of ['api/auth/v2/.well-known/jwks.json', 'api/demo/sessions', 'api/demo/events']) {
      expect((await page.request.get(visit.quickstart.page + path)).status()).toBe(404);
    }
  });

  it('the ID token is shown, too', async () => {
    const page = await visit.open();
    await logIn(page, 'Alice');
    await page.getByRole('tab', { name: 'ID token' }).click();
    expect(await claim(page, 'nonce').innerText()).not.toBe('');
  });
});
