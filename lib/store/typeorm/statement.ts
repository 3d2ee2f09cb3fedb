/** One statement with its parameters, which are `?` in the text. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export function isRead({ sql }: Statement): boolean {
  return sql.startsWith('select');
}

/** What a statement did and found. */
export interface StatementResult {
  readonly affected: number;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}
