import { adapters } from '../fixtures/adapters.js';
import { startPostgres } from '../fixtures/databases/postgres-server.js';
import type { DatabaseServer } from '../fixtures/databases/server-process.js';
import type { ApplicationCounts } from './application-process.js';
import { Child } from './child.js';
import type { Plan } from './plan.js';
import type { ProviderCounts } from './provider-process.js';

/** A database, a provider, and several instances of an application, each in processes of its own. */
export class Scene {
  private constructor(
    private readonly postgres: DatabaseServer,
    private readonly provider: Child<ProviderCounts>,
    private readonly applications: readonly Child<ApplicationCounts>[],
  ) {}

  static async start({ processes, sessions }: Plan): Promise<Scene> {
    const postgres = await startPostgres();
    try {
      const provider = await Child.start<ProviderCounts>('provider-process.js', String(sessions));
      // All at once: their first boot is on an empty database.
      const applications = await Promise.all(
        Array.from({ length: processes }, (_, index) => {
          const { name } = adapters[index % adapters.length]!;
          return Child.start<ApplicationCounts>('application-process.js', name, provider.url, postgres.url);
        }),
      );
      return new Scene(postgres, provider, applications);
    } catch (error) {
      await postgres.remove();
      throw error;
    }
  }

  /** Address of one of the instances, in turn. */
  url(index: number): string {
    return this.applications[index % this.applications.length]!.url;
  }

  /** Refreshes that the provider was asked for. */
  async upstreamRefreshes(): Promise<number> {
    return (await this.provider.counts()).refreshes;
  }

  /** Rotations that the instances have told of by events. */
  async rotations(): Promise<number> {
    const counts = await Promise.all(this.applications.map((application) => application.counts()));
    return counts.reduce((sum, { refreshed = 0 }) => sum + refreshed, 0);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.applications, this.provider].map((child) => child.stop()));
    await this.postgres.remove();
  }
}
