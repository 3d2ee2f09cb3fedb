/** Something that went wrong, in words for a person. */
export class Problem extends Error {}

/** An error as the two kinds of application tell it: OAuth's description, Nest's message, or FastAPI's detail. */
export async function problemOf(answer) {
  const { error_description, message, detail } = await answer.json().catch(() => ({}));
  const words = [error_description, message, detail].find((text) => typeof text === 'string');
  return new Problem(words ?? `The answer was ${answer.status}.`);
}

/** fetch, with "no answer" told like any other problem. */
export async function ask(url, options) {
  try {
    return await fetch(url, options);
  } catch {
    throw new Problem(`${new URL(url, location.href).host} does not answer. Is it still running?`);
  }
}
