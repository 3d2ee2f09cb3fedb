import type { Page } from 'playwright-core';

/** Whether the page fits the width of the screen, and how well its text stands out from its ground. */
export async function legibility(page: Page): Promise<{ fits: boolean; dark: boolean; contrast: number }> {
  const { fits, colours } = await page.locator('body').evaluate((body) => {
    const { documentElement, defaultView } = body.ownerDocument;
    const { color, backgroundColor } = defaultView.getComputedStyle(body);
    return {
      fits: documentElement.scrollWidth <= defaultView.innerWidth,
      colours: [color, backgroundColor].map((text: string) => text.match(/\d+/g)!.map(Number)),
    };
  });
  const [ink, ground] = colours.map(luminance) as [number, number];
  const contrast = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
  return { fits, dark: ground < ink, contrast };
}

/** WCAG 2: the relative luminance of an sRGB colour. */
function luminance(colour: number[]): number {
  const [red = 0, green = 0, blue = 0] = colour.map((byte) => {
    const part = byte / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
