import { parseArgs } from 'node:util';

const MODES = ['broker', 'pass-through'];

/** Broker mode, unless `--pass-through` or MODE says otherwise. */
export function wantedMode() {
  const { values } = parseArgs({ options: { 'pass-through': { type: 'boolean' }, passthrough: { type: 'boolean' } } });
  const mode = (values['pass-through'] ?? values.passthrough) ? 'pass-through' : process.env.MODE || 'broker';
  if (!MODES.includes(mode)) throw new Error(`MODE must be ${MODES.join(' or ')}, not "${mode}".`);
  return mode;
}
