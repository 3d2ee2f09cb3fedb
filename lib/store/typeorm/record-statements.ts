import type { BrokerRecord, BrokerRecordFilter, BrokerRecordKind, BrokerRecordPage } from '../broker-store.js';
import type { Dialect } from './dialect.js';
import type { Statement } from './statement.js';

/** What a record is found by, and all that is kept of it. */
export const COLUMNS = ['kind', 'id', 'version', 'payload', 'expires_at', 'subject', 'sid'] as const;

const RECORD_COLUMNS = 'version, payload, expires_at, subject, sid';

/** The contract of BrokerStore, statement by statement: each decides by itself, by the database's own clock. */
export class RecordStatements {
  private readonly live: string;

  constructor(
    private readonly dialect: Dialect,
    private readonly table: string,
  ) {
    this.live = `expires_at > ${dialect.clock}`;
  }

  now(): Statement {
    // MySQL has no word for it that is not reserved.
    return { sql: `select ${this.dialect.clock} as store_time`, parameters: [] };
  }

  insert(kind: BrokerRecordKind, id: string, record: BrokerRecord): readonly Statement[] {
    return this.dialect.insert(this.table, COLUMNS, [kind, id, ...fieldsOf(record)]);
  }

  find(kind: BrokerRecordKind, id: string): Statement {
    return {
      sql: `select ${RECORD_COLUMNS} from ${this.table} where kind = ? and id = ? and ${this.live}`,
      parameters: [kind, id],
    };
  }

  replace(kind: BrokerRecordKind, id: string, version: number, record: BrokerRecord): Statement {
    return {
      sql: `update ${this.table} set version = ?, payload = ?, expires_at = ?, subject = ?, sid = ?
        where kind = ? and id = ? and version = ? and ${this.live}`,
      parameters: [...fieldsOf(record), kind, id, version],
    };
  }

  remove(kind: BrokerRecordKind, id: string): Statement {
    return { sql: `delete from ${this.table} where kind = ? and id = ? and ${this.live}`, parameters: [kind, id] };
  }

  list(kind: BrokerRecordKind, filter: BrokerRecordFilter, { after, limit }: BrokerRecordPage): Statement {
    const { sql, parameters } = this.selection(kind, filter);
    return {
      sql: `select id, ${RECORD_COLUMNS} from ${this.table} where ${sql} and id > ? order by id limit ?`,
      // Every id is greater than the empty string.
      parameters: [...parameters, after ?? '', limit],
    };
  }

  removeAll(kind: BrokerRecordKind, filter: BrokerRecordFilter): Statement {
    const { sql, parameters } = this.selection(kind, filter);
    return { sql: `delete from ${this.table} where ${sql}`, parameters };
  }

  private selection(kind: BrokerRecordKind, { subject, sid }: BrokerRecordFilter): Statement {
    const conditions = ['kind = ?', this.live];
    const parameters: unknown[] = [kind];
    for (const [column, value] of Object.entries({ subject, sid })) {
      if (value === undefined) continue;
      conditions.push(`${column} = ?`);
      parameters.push(value);
    }
    return { sql: conditions.join(' and '), parameters };
  }
}

/** In the order of RECORD_COLUMNS. */
function fieldsOf({ version, payload, expiresAt, subject, sid }: BrokerRecord): readonly unknown[] {
  return [version, payload, expiresAt, subject ?? null, sid ?? null];
}

/** Some drivers give whole numbers of 64 bits as text. */
export function recordOf(row: Readonly<Record<string, unknown>>): BrokerRecord {
  const { version, payload, expires_at: expiresAt, subject, sid } = row;
  return {
    version: Number(version),
    payload: payload as string,
    expiresAt: Number(expiresAt),
    ...(subject === null ? {} : { subject: subject as string }),
    ...(sid === null ? {} : { sid: sid as string }),
  };
}
