/** Prints what somebody who has just started a sample wants to know: lines of a name and a text. */
export function greet(lines) {
  const text = lines.map(([name, text]) => `  ${name.padEnd(12)} ${text}`).join('\n');
  console.log(`\n${text}\n\n  Ctrl-C stops it.\n`);
}

export const people = (users) =>
  users.map(({ username, password, roles }) => [
    'Log in as',
    `${`${username} / ${password}`.padEnd(20)} (${roles.join(', ')})`,
  ]);
