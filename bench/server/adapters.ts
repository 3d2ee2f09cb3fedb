import type { AbstractHttpAdapter } from '@nestjs/core';

/** Loaded only by the server that uses it. */
export const adapters = {
  Express: async (): Promise<AbstractHttpAdapter> =>
    new (await import('@nestjs/platform-express')).ExpressAdapter() as AbstractHttpAdapter,
  Fastify: async (): Promise<AbstractHttpAdapter> =>
    new (await import('@nestjs/platform-fastify')).FastifyAdapter() as unknown as AbstractHttpAdapter,
};

export type Adapter = keyof typeof adapters;
