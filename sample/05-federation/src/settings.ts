import type { TrustedIssuer } from 'nestjs-oidc-auth';

/** What all applications of a federation have in common: who their tokens are meant for. */
export const audience = 'federation';

/** The same program runs twice. What differs is in the environment, and read in one place. */
export const name = process.env['NAME'] ?? 'orders';
export const port = Number(process.env['PORT'] ?? 3006);
export const host = process.env['HOST'] ?? 'localhost';
export const publicUrl = process.env['PUBLIC_URL'] ?? `http://localhost:${port}/`;

/** What is in `iss` of its tokens, and what others name to trust it. */
export const issuer = new URL('api', publicUrl).href;

/** A string, or an object that says more, as in the option of that name. */
export const trustedIssuers = JSON.parse(process.env['TRUSTED_ISSUERS'] ?? '[]') as (string | TrustedIssuer)[];

/** Where the page is that may call this application from another origin. */
export const pageOrigin = process.env['PAGE_ORIGIN'] ?? new URL(publicUrl).origin;

/** The addresses of all three, for the page; of the application that serves it alone. */
export const applications = process.env['APPLICATIONS']?.split(' ') ?? [];
