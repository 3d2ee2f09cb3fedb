/** Requests in the order they are sent; `undefined` when there are no more. */
export type RequestSource = () => Buffer | undefined;

/** The whole request as bytes, built before the clock runs. */
export function bearerRequest(token: string): Buffer {
  return Buffer.from(
    `GET /me HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    'latin1',
  );
}

/** Each request once. */
export function once(requests: readonly Buffer[]): RequestSource {
  let next = 0;
  return () => requests[next++];
}

/** Round and round. */
export function cycle(requests: readonly Buffer[]): RequestSource {
  let next = 0;
  return () => requests[next++ % requests.length];
}
