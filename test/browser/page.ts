import type { Browser, Locator, Page } from 'playwright-core';

/** What a person does on the page, in a person's words. */
export const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

export async function logIn(page: Page, name: string): Promise<void> {
  await button(page, 'Log in').click();
  await page.getByRole('button', { name: new RegExp(name) }).click();
  await button(page, 'Log out').waitFor();
}

const routes = ['public', 'optional', 'protected', 'scope', 'claim', 'role'] as const;

/** Presses the button of one route and reads its whole answer. */
export async function call(page: Page, route: string): Promise<{ status: string; answer: string }> {
  const row = page.getByRole('listitem').filter({ has: button(page, `Call /api/demo/${route}`) });
  const answered = page.waitForResponse((response) => response.url().endsWith(`/api/demo/${route}`));
  await button(page, `Call /api/demo/${route}`).click();
  await answered;
  await row.locator('.status').waitFor();
  return { status: await row.locator('.status').innerText(), answer: await row.locator('.answer').innerText() };
}

export async function callEach(page: Page): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  for (const route of routes) answers[route] = Number.parseInt((await call(page, route)).status, 10);
  return answers;
}

export const claim = (page: Page, name: string) =>
  page
    .getByRole('tabpanel')
    .locator('dl > div')
    .filter({ has: page.getByText(name, { exact: true }) })
    .locator('dd');

/** Opens the link of the device flow in another browser, and presses this button there. */
export async function answerElsewhere(browser: Browser, page: Page, answer: string): Promise<Page> {
  const code = await page.locator('#device-code').innerText();
  const device = await (await browser.newContext()).newPage();
  await device.goto((await page.locator('#device-link').getAttribute('href'))!);
  await device.getByText(code).waitFor();
  await button(device, answer).click();
  return device;
}

/** Presses Tab until the element with this name has the focus; resolves to how that is shown. */
export async function tabTo(page: Page, name: string): Promise<string> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const focused = await page.locator('html').evaluate((html) => {
      const { activeElement, defaultView } = html.ownerDocument;
      const named = activeElement.closest('label') ?? activeElement;
      return {
        label: (activeElement.getAttribute('aria-label') ?? named.textContent).trim(),
        outline: defaultView.getComputedStyle(activeElement).outlineStyle,
      };
    });
    if (focused.label === name) return focused.outline;
  }
  throw new Error(`Tab never reached ${name}`);
}

/** One of the person's sessions, as the page lists it: "This tab" or "Another login". */
export const sessionRow = (page: Page, name: string) =>
  page
    .getByRole('region', { name: 'Your sessions' })
    .getByRole('listitem')
    .filter({ has: page.getByText(name, { exact: true }) });

/** What a session's row says of itself, by name. */
export async function factsOf(row: Locator): Promise<Record<string, string>> {
  const names = await row.locator('dt').allInnerTexts();
  const values = await row.locator('dd').allInnerTexts();
  return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
}

export const events = (page: Page) => page.getByRole('region', { name: 'What happened' }).getByRole('listitem');

/** `where: what`, the newest first. */
export async function newestEvents(page: Page, count: number): Promise<string[]> {
  await events(page)
    .nth(count - 1)
    .waitFor();
  const rows = (await events(page).all()).slice(0, count);
  return Promise.all(rows.map(async (row) => (await row.locator('span').allInnerTexts()).join(': ')));
}

/** The token that the page holds. */
export async function accessTokenOf(page: Page): Promise<string> {
  const kept = await page.locator('html').evaluate((html) => {
    return html.ownerDocument.defaultView.sessionStorage.getItem('quickstart.session');
  });
  return (JSON.parse(kept) as { access_token: string }).access_token;
}
