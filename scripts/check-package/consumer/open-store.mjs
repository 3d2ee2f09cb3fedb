import { tmpdir } from 'node:os';
import { join } from 'node:path';
import libsql from 'libsql';
import { TypeOrmBrokerStore } from 'nestjs-oidc-auth/typeorm';
import { DataSource } from 'typeorm';

/** A store that the contract suite can open here and in other processes. */
export function open(place) {
  const database = join(tmpdir(), `${place}.sqlite`);
  return new TypeOrmBrokerStore(new DataSource({ type: 'better-sqlite3', driver: libsql, database }), {
    dedicated: true,
  });
}
