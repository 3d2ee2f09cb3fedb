import { storeMisconfigured } from './store-misconfigured.js';

/**
 * @param place that records its version: "The table …"
 * @throws {@link OidcAuthError} `store_misconfigured` for another version than the one that is known here
 */
export function expectSchemaVersion(place: string, recorded: number | undefined, known: number): void {
  if (recorded === known) return;
  throw storeMisconfigured(
    `${place} is of schema version ${recorded}, and this version of nestjs-oidc-auth knows ${known}: all applications that share it need the same version of the library.`,
  );
}
