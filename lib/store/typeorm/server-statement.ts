import type { QueryRunner } from 'typeorm';
import type { Statement, StatementResult } from './statement.js';

/** Runs a statement on a database server, where each is committed by itself. */
export async function performOnServer(runner: QueryRunner, { sql, parameters }: Statement): Promise<StatementResult> {
  const result = await runner.query(sql, [...parameters], true);
  return { affected: result.affected ?? 0, rows: result.records ?? [] };
}
