import type { DataSource } from 'typeorm';
import {
  BrokerStore,
  type BrokerRecord,
  type BrokerRecordFilter,
  type BrokerRecordKind,
  type BrokerRecordPage,
  type IdentifiedBrokerRecord,
} from '../broker-store.js';
import { Database } from './database.js';
import type { TableNames } from './dialect.js';
import { dialectOf, type TypeOrmBrokerStoreDatabase } from './dialects.js';
import { recordOf, RecordStatements } from './record-statements.js';
import { setupText, ensureSchema } from './schema.js';
import { reopened } from './sqlite-file.js';
import type { Statement } from './statement.js';
import { tableNames, type TableOptions } from './tables.js';

/** How a {@link TypeOrmBrokerStore} uses the database it is given. */
export interface TypeOrmBrokerStoreOptions extends TableOptions {
  /**
   * Whether `setup()` makes the table where it is missing. With `false` it only looks, and says what is missing. Default
   * `true`.
   */
  readonly createTables?: boolean | undefined;
  /**
   * `true`: nobody else uses the DataSource, and the store initializes and destroys it. Default `false`: it is the
   * application's, who does both.
   */
  readonly dedicated?: boolean | undefined;
}

/**
 * Keeps the broker's records in SQLite, PostgreSQL, MySQL or MariaDB, by a TypeORM DataSource. Nothing is registered with
 * the DataSource: the store has one table of its own and runs single statements.
 *
 * ```ts
 * new TypeOrmBrokerStore(dataSource);
 * ```
 *
 * Of an application's SQLite DataSource only the options are used: the file is opened once more, since two users of an
 * embedded database's one connection would take part in each other's transactions.
 *
 * Methods reject where the database does not answer within 5 s.
 */
export class TypeOrmBrokerStore extends BrokerStore {
  private readonly database: Database;
  private readonly names: TableNames;
  private readonly statements: RecordStatements;
  private readonly createTables: boolean;
  private settingUp: Promise<void> | undefined;

  /** @throws OidcAuthError `store_misconfigured` for a DataSource or an option that cannot be used */
  constructor(dataSource: DataSource, options: TypeOrmBrokerStoreOptions = {}) {
    super();
    const { createTables = true, dedicated = false, tablePrefix } = options;
    const dialect = dialectOf(dataSource.options.type);
    const { isEmbedded } = dialect;
    const schema = options.schema ?? (dataSource.options as { schema?: string }).schema;
    this.names = tableNames(dialect, { tablePrefix, schema });
    this.statements = new RecordStatements(dialect, this.names.table);
    this.createTables = createTables;
    this.database = new Database(
      dialect,
      isEmbedded && !dedicated ? reopened(dataSource) : dataSource,
      isEmbedded || dedicated,
    );
  }

  /**
   * The statements that `setup()` runs where the table is missing, for databases where the application may not create
   * tables. Each may be repeated. Afterwards the application needs to select, insert, update and delete.
   */
  static setupScript(type: TypeOrmBrokerStoreDatabase, options: TableOptions = {}): string {
    const dialect = dialectOf(type);
    return setupText(dialect, tableNames(dialect, options));
  }

  override setup(): Promise<void> {
    this.settingUp ??= this.openAndEnsureSchema().finally(() => {
      this.settingUp = undefined;
    });
    return this.settingUp;
  }

  override async close(): Promise<void> {
    await this.settingUp?.catch(() => undefined);
    await this.database.close();
  }

  override async ping(): Promise<void> {
    await this.now();
  }

  override async now(): Promise<number> {
    const { rows } = await this.database.execute(this.statements.now());
    return Number(rows[0]!['store_time']);
  }

  override async insert(kind: BrokerRecordKind, id: string, record: BrokerRecord): Promise<boolean> {
    for (const statement of this.statements.insert(kind, id, record)) {
      if (await this.affectsNew(statement)) return true;
    }
    return false;
  }

  override async find(kind: BrokerRecordKind, id: string): Promise<BrokerRecord | null> {
    const { rows } = await this.database.execute(this.statements.find(kind, id));
    return rows.length === 0 ? null : recordOf(rows[0]!);
  }

  override async replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord): Promise<boolean> {
    return (await this.affected(this.statements.replace(kind, id, version, record))) === 1;
  }

  override async remove(kind: BrokerRecordKind, id: string): Promise<boolean> {
    return (await this.affected(this.statements.remove(kind, id))) === 1;
  }

  override async list(
    kind: BrokerRecordKind,
    filter: BrokerRecordFilter,
    page: BrokerRecordPage,
  ): Promise<readonly IdentifiedBrokerRecord[]> {
    const { rows } = await this.database.execute(this.statements.list(kind, filter, page));
    return rows.map((row) => ({ id: row['id'] as string, ...recordOf(row) }));
  }

  override async removeAll(kind: BrokerRecordKind, filter: BrokerRecordFilter): Promise<number> {
    return this.affected(this.statements.removeAll(kind, filter));
  }

  override async purgeExpired(limit: number): Promise<number> {
    const { database, names } = this;
    return database.dialect.purge(names.table, limit, (statement) => database.execute(statement));
  }

  private async openAndEnsureSchema(): Promise<void> {
    await this.database.open();
    await ensureSchema(this.database, this.names, this.createTables);
  }

  private async affected(statement: Statement): Promise<number> {
    return (await this.database.execute(statement)).affected;
  }

  private async affectsNew(statement: Statement): Promise<boolean> {
    try {
      return (await this.affected(statement)) === 1;
    } catch (error) {
      if (this.database.meaningOf(error) === 'duplicate') return false;
      throw error;
    }
  }
}
