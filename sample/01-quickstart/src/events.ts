import type { BrokerEvent, IdTokenClaims } from 'nestjs-oidc-auth';

/** So many are kept, in memory: enough for the page. An application of yours might log or count them. */
const KEPT = 200;

const events: { at: Date; event: BrokerEvent }[] = [];

export function remember(event: BrokerEvent): void {
  events.unshift({ at: new Date(), event });
  events.length = Math.min(events.length, KEPT);
}

/**
 * What concerns this person, the newest first: others' sessions are not theirs to see. Somebody is known by issuer and
 * subject together, as another issuer may have the same subject.
 *
 * @param issuer this application's own: only its tokens name sessions of it, whatever `sid` those of others have
 */
export function eventsFor({ iss, sub, sid }: IdTokenClaims, issuer: string) {
  const own = new Set<unknown>(iss === issuer ? [sid] : []);
  const logins = events.flatMap(({ event }) => (event.type === 'login' ? [event] : []));
  // A login tells who it was at the identity provider; a token of this application does so by its session.
  const person = logins.find((login) => own.has(login.sid)) ?? { iss, sub };
  for (const login of logins) if (login.iss === person.iss && login.sub === person.sub) own.add(login.sid);
  return events
    .filter(({ event }) => ('sid' in event ? own.has(event.sid) : event.type === 'key_rotated'))
    .map(({ at, event }) => ({ at, ...event }));
}
