import type { Browser, Page } from 'playwright-core';

/** What a person does on the page, in a person's words. */
export const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

export async function logIn(page: Page, name: string): Promise<void> {
  await button(page, 'Log in').click();
  await page.getByRole('button', { name: new RegExp(name) }).click();
  await button(page, 'Log out').waitFor();
}

export const routes = ['public', 'optional', 'protected', 'scope', 'claim', 'role'] as const;

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
