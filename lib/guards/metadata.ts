/** Metadata keys of the decorators. */
export const IS_PUBLIC = 'nestjs-oidc-auth:public';
export const SCOPES = 'nestjs-oidc-auth:scopes';
export const CLAIMS = 'nestjs-oidc-auth:claims';
export const ROLES = 'nestjs-oidc-auth:roles';

/** Where Nest itself keeps what `@UseGuards()` was given. */
export const USED_GUARDS = '__guards__';
