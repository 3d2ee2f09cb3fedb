import mongoose from 'mongoose';
import * as main from 'nestjs-oidc-auth';
import * as subpath from 'nestjs-oidc-auth/mongoose';
import { openMongooseStore } from './open-mongoose-store.cjs';

openMongooseStore(mongoose, main, subpath);
console.log('makes a store for MongoDB by `import`');
