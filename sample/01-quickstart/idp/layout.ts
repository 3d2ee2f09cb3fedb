/** The frame of every page of the demo identity provider. */
export const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#b45309"/>' +
  '<circle cx="16" cy="12.5" r="4.5" fill="#fff"/><path d="M7.5 25a8.5 7 0 0 1 17 0z" fill="#fff"/></svg>';

export const escape = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${escape(title)} · Demo identity provider</title>
  <link rel="icon" href="data:image/svg+xml,${encodeURIComponent(icon)}">
  <style>${style}</style>
</head>
<body>
  <main>
    <header>${icon}<span>Demo identity provider</span></header>
    ${body}
  </main>
</body>
</html>`;
}

const style = `
:root { color-scheme: light dark; --bg: #f6f3ee; --card: #fff; --ink: #23201c; --soft: #6b645b; --line: #e4ded5; --accent: #b45309; --on: #fff; --bad: #b42318; }
@media (prefers-color-scheme: dark) {
  :root { --bg: #171512; --card: #211e1a; --ink: #f0ece6; --soft: #aaa297; --line: #383329; --accent: #f0a24b; --on: #231605; --bad: #ff9b8f; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 20px; background: var(--bg); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 440px; background: var(--card); border: 1px solid var(--line); border-radius: 18px; padding: 28px; box-shadow: 0 12px 40px rgb(0 0 0 / .07); }
header { display: flex; align-items: center; gap: 10px; color: var(--soft); font-size: 14px; margin-bottom: 22px; }
header svg { width: 28px; height: 28px; }
h1 { font-size: 25px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -.015em; }
p { margin: 0 0 16px; }
.lead, .hint, small { color: var(--soft); }
.lead strong { color: var(--ink); }
.hint { font-size: 14px; }
.problem { color: var(--bad); border-left: 3px solid currentColor; padding-left: 10px; }
.code { font: 600 30px/1.2 ui-monospace, monospace; letter-spacing: .08em; text-align: center; padding: 16px 0; background: var(--bg); border-radius: 12px; }
.people { display: grid; gap: 10px; margin-top: 18px; }
.person { width: 100%; display: flex; gap: 12px; align-items: center; text-align: left; padding: 12px; }
.person span:nth-child(2) { white-space: nowrap; }
.person small { display: block; font-weight: 400; font-size: 13px; }
.avatar { flex: none; width: 38px; height: 38px; border-radius: 50%; display: grid; place-items: center; background: var(--accent); color: var(--on); font-weight: 600; }
.roles { margin-left: auto; display: flex; gap: 4px; }
@media (max-width: 420px) { main { padding: 22px; } .person span:nth-child(2) { white-space: normal; } .roles { flex-direction: column; align-items: flex-end; } }
.roles i { font-style: normal; font-size: 12px; padding: 1px 8px; border-radius: 99px; border: 1px solid var(--line); color: var(--soft); font-weight: 400; }
.or { display: flex; align-items: center; gap: 12px; color: var(--soft); font-size: 13px; margin: 20px 0 14px; }
.or::before, .or::after { content: ''; flex: 1; height: 1px; background: var(--line); }
label { display: block; font-size: 14px; color: var(--soft); margin-bottom: 12px; }
input:not([type=hidden]) { width: 100%; margin-top: 4px; font: inherit; color: var(--ink); background: var(--bg); border: 1px solid var(--line); border-radius: 10px; padding: 10px 12px; }
input[name=user_code] { text-transform: uppercase; letter-spacing: .08em; text-align: center; font: 600 22px ui-monospace, monospace; }
input[name=user_code]::placeholder { text-transform: none; letter-spacing: 0; font: 16px system-ui, sans-serif; }
button, .button { font: inherit; font-weight: 600; color: var(--ink); background: transparent; border: 1px solid var(--line); border-radius: 10px; padding: 10px 16px; cursor: pointer; text-decoration: none; display: inline-block; }
button:hover, .button:hover { border-color: var(--accent); }
.person { display: flex; }
.primary { background: var(--accent); border-color: var(--accent); color: var(--on); }
.actions { display: flex; gap: 10px; margin-top: 18px; }
.actions .primary { flex: 1; }
.tick { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;
