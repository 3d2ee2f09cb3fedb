const { keepARecord } = require('./keep-a-record.cjs');

keepARecord(
  require('typeorm'),
  require('nestjs-oidc-auth'),
  require('nestjs-oidc-auth/typeorm'),
  require('libsql'),
).then(() => console.log('keeps a record in SQLite by `require`'));
