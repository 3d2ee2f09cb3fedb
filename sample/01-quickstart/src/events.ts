import type { BrokerEvent, IdTokenClaims } from 'nestjs-oidc-auth';

/** So many are kept, in memory: enough for the page. An application of yours might log or count them. */
const KEPT = 200;

const events: { at: Date; event: BrokerEvent }[] = [];

export function remember(event: BrokerEvent): void {
  events.unshift({ at: new Date(), event });
  events.length = Math.min(events.length, KEPT);
}

/** What concerns this person, the newest first: others' sessions are not theirs to see. */
export function eventsFor({ sub, sid }: IdTokenClaims) {
  const own = new Set<unknown>([sid]);
  for (const { event } of events) if ('sub' in event && event.sub === sub) own.add(event.sid);
  return events
    .filter(({ event }) => ('sid' in event ? own.has(event.sid) : event.type === 'key_rotated'))
    .map(({ at, event }) => ({ at, ...event }));
}
