const { openMongooseStore } = require('./open-mongoose-store.cjs');

openMongooseStore(require('mongoose'), require('nestjs-oidc-auth'), require('nestjs-oidc-auth/mongoose'));
console.log('makes a store for MongoDB by `require`');
