import libsql from 'libsql';
import * as main from 'nestjs-oidc-auth';
import * as subpath from 'nestjs-oidc-auth/typeorm';
import * as typeorm from 'typeorm';
import { keepARecord } from './keep-a-record.cjs';

await keepARecord(typeorm, main, subpath, libsql);
console.log('keeps a record in SQLite by `import`');
