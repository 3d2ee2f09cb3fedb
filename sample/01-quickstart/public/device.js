import { $, h, notify } from './dom.js';
import { beginDevice, redeem } from './oauth.js';
import { keep } from './session.js';
import { clock } from './time.js';

let running;

/** RFC 8628: shows a code to approve elsewhere, and asks at the announced interval whether that has happened. */
export async function runDeviceFlow() {
  running?.abort();
  const { signal } = (running = new AbortController());
  show(h('p', { class: 'soft' }, 'Asking for a code…'));
  try {
    const grant = await beginDevice();
    if (signal.aborted) return;
    const stopCountdown = showCode(grant);
    try {
      keep(await approval(grant, signal));
    } finally {
      stopCountdown();
    }
    showDone();
  } catch (problem) {
    if (!signal.aborted) showFailed(problem);
  }
}

export function closeDevice() {
  running?.abort();
  $('device').hidden = true;
}

async function approval({ device_code, interval = 5, expires_in }, signal) {
  const end = Date.now() + expires_in * 1000;
  for (let seconds = interval; ;) {
    await pause(seconds * 1000, signal);
    try {
      return await redeem({ device_code });
    } catch (problem) {
      if (problem.code === 'slow_down') seconds += 5;
      else if (problem.code !== 'authorization_pending' || Date.now() > end) throw problem;
    }
  }
}

function showCode({ user_code, verification_uri, verification_uri_complete, expires_in }) {
  const left = h('span', { role: 'timer' });
  show(
    h(
      'ol',
      { class: 'steps' },
      h(
        'li',
        {},
        'On any device, open ',
        h('a', { href: verification_uri, target: '_blank', rel: 'noopener' }, verification_uri),
      ),
      h('li', {}, 'Type this code there and approve it:'),
    ),
    h(
      'div',
      { class: 'code' },
      h('span', { id: 'device-code' }, user_code),
      h('button', { type: 'button', class: 'quiet', onclick: () => copyCode(user_code) }, 'Copy'),
    ),
    h(
      'div',
      { class: 'actions' },
      h(
        'a',
        {
          class: 'button primary',
          id: 'device-link',
          href: verification_uri_complete ?? verification_uri,
          target: '_blank',
          rel: 'noopener',
        },
        'Open with the code filled in',
      ),
      h('button', { type: 'button', class: 'quiet', onclick: closeDevice }, 'Cancel'),
    ),
    h('p', { class: 'waiting' }, h('span', { class: 'spinner', 'aria-hidden': 'true' }), 'Waiting for approval', left),
  );
  const end = Date.now() + expires_in * 1000;
  const tick = () => (left.textContent = `code valid for ${clock((end - Date.now()) / 1000)}`);
  tick();
  const timer = setInterval(tick, 1000);
  return () => clearInterval(timer);
}

function showDone() {
  show(
    h(
      'p',
      { class: 'done' },
      h('span', { class: 'tick', 'aria-hidden': 'true' }, '✓'),
      'Approved. This page has its tokens.',
    ),
    h('div', { class: 'actions' }, h('button', { type: 'button', onclick: closeDevice }, 'Close')),
  );
  notify('good', 'Device flow done.', 'You approved it elsewhere, and this page is signed in.');
}

function showFailed(problem) {
  show(
    h(
      'p',
      { class: 'failed' },
      h('strong', {}, problem.message),
      ' ',
      h('span', { class: 'soft' }, problem.detail ?? ''),
    ),
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', onclick: runDeviceFlow }, 'Begin again'),
      h('button', { type: 'button', class: 'quiet', onclick: closeDevice }, 'Close'),
    ),
  );
  notify('bad', problem.message, problem.detail);
}

function show(...content) {
  const opening = $('device').hidden;
  $('device').hidden = false;
  $('device-body').replaceChildren(...content);
  if (opening) $('device').focus();
}

async function copyCode(code) {
  await navigator.clipboard.writeText(code).then(
    () => notify('good', 'Code copied.'),
    () => notify('bad', 'The browser does not let this page copy.', `The code is ${code}.`),
  );
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
