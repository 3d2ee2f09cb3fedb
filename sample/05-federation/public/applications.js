import { Problem, ask, problemOf } from './problems.js';

/** What the three say of themselves: name, issuer, whom they trust. In the order in which they are shown. */
export async function askApplications() {
  const urls = await (await ask('/api/applications')).json();
  return Promise.all(urls.map(askApplication));
}

async function askApplication(url, position) {
  const answer = await ask(`${url}api/about`);
  if (!answer.ok) throw new Problem(`${url} does not say what it is (${answer.status}).`);
  return { ...(await answer.json()), url, position };
}

/** What an application says to somebody with this token. */
export async function whoAmI({ url }, token) {
  const answer = await ask(`${url}api/who-am-i`, { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) return { status: answer.status, reason: (await problemOf(answer)).message };
  return { status: answer.status, ...(await answer.json()) };
}
