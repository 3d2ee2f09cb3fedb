import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { OperatorLog } from '../errors/operator-log.js';
import { errorBody, errorResponse, type ErrorResponse } from './error-response.js';
import { HttpReply } from './http-reply.js';

/** What an exception of the application's (its guards run before our handlers) is in OAuth's words. */
const ERROR_OF_STATUS: Readonly<Record<number, string>> = {
  401: 'invalid_token',
  403: 'access_denied',
  429: 'temporarily_unavailable',
};

/**
 * Answers every error of the endpoints in one form. As a filter of the controller it goes before the application's
 * global ones.
 */
@Catch()
export class OAuthErrorFilter implements ExceptionFilter {
  private readonly log = new OperatorLog();

  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(error: unknown, arguments_: ArgumentsHost): void {
    const { status, headers, body } = this.answerTo(error);
    new HttpReply(this.host, arguments_.switchToHttp().getResponse()).headers(headers).json(body, status);
  }

  private answerTo(error: unknown): ErrorResponse {
    if (error instanceof OidcAuthError) {
      this.log.report(error);
      return errorResponse(error);
    }
    if (error instanceof HttpException) {
      const ours = error.cause instanceof OidcAuthError ? errorResponse(error.cause) : undefined;
      const status = error.getStatus();
      const code = ERROR_OF_STATUS[status] ?? (status < 500 ? 'invalid_request' : 'server_error');
      return ours ?? { status, headers: {}, body: errorBody(status, code, error.message) };
    }
    // The message of an unknown error may hold anything; its name and place do not.
    const { name, stack } = error instanceof Error ? error : new Error('not an error');
    const place =
      stack
        ?.split('\n')
        .find((line) => line.trimStart().startsWith('at '))
        ?.trim() ?? 'unknown place';
    this.log.error(`An endpoint failed unexpectedly: ${name} ${place}`);
    return { status: 500, headers: {}, body: errorBody(500, 'server_error', 'Something unexpected went wrong.') };
  }
}
