/** @returns the element with this id. */
export const $ = (id) => document.getElementById(id);

/** Makes an element: `h('p', { class: 'soft' }, 'text', child)`. Text is always text, never markup. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

/** Says something above everything else, and to screen readers. `kind`: good or bad. */
export function notify(kind, title, detail) {
  $('notice').className = `notice ${kind}`;
  $('notice').replaceChildren(h('strong', {}, title), detail ? h('span', {}, detail) : '');
}

export const silence = () => $('notice').replaceChildren();

/** The name of an application, with the colour that it has all over the page. */
export const nameOf = ({ name, position }) =>
  h('span', { class: 'app' }, h('span', { class: `dot dot-${position}`, 'aria-hidden': 'true' }), name);

/** Roles, and those that a token claims in vain. */
export const chips = (roles, gone = []) =>
  h(
    'span',
    { class: 'chips' },
    ...roles.toSorted().map((role) => h('span', { class: 'chip' }, role)),
    ...gone.map((role) => h('del', { class: 'chip gone', title: 'not believed' }, role)),
  );
