import type { IncomingHttpHeaders } from 'node:http';
import type { TestIdpEndpoint } from '../endpoints/endpoints.js';

/** A request that the test identity provider got, with its secrets as they are. */
export interface TestIdpRequest {
  /** Where it went. */
  readonly endpoint: TestIdpEndpoint;
  /** In capitals. */
  readonly method: string;
  /** With its query. */
  readonly url: URL;
  /** With names in small letters. */
  readonly headers: IncomingHttpHeaders;
  /** Of the query of a GET, of the form of a POST; of a repeated one the last value. */
  readonly parameters: Readonly<Record<string, string>>;
  /** As it was sent. */
  readonly body: string;
  /** The status of the answer; left out where none was sent (yet). */
  readonly status?: number;
}
