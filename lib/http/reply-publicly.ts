import { createHash } from 'node:crypto';
import type { HttpAdapterHost } from '@nestjs/core';
import { CACHED_BRIEFLY, HttpReply } from './http-reply.js';
import { hasEtag, type HttpRequest } from './http-request.js';

/** What anybody may see, and need not be sent twice (RFC 9110 §13.1.2). */
export function replyPublicly(host: HttpAdapterHost, request: HttpRequest, response: unknown, body: object): void {
  const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url')}"`;
  const reply = new HttpReply(host, response, { ...CACHED_BRIEFLY, ETag: etag });
  if (hasEtag(request, etag)) reply.notModified();
  else reply.json(body);
}
