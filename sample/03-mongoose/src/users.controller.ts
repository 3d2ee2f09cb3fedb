import { Controller, Get, UseGuards } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Model } from 'mongoose';
import { Auth, IdToken, IdTokenClaims, OidcGuard } from 'nestjs-oidc-auth';
import { User } from './user.schema.js';

/** The application's own business with the database. */
@Controller('api/users')
export class UsersController {
  constructor(@InjectModel(User.name) private readonly users: Model<User>) {}

  @Get('me')
  @UseGuards(OidcGuard)
  me(@IdToken() { iss, sub, name }: IdTokenClaims) {
    const seen = { name: typeof name === 'string' ? name : null };
    // One operation, as another request may meet the same person at the same moment.
    return this.users
      .findOneAndUpdate({ iss, sub }, seen, { upsert: true, returnDocument: 'after', projection: { _id: 0 } })
      .lean()
      .exec();
  }

  @Get()
  @Auth({ roles: 'admin' })
  latest() {
    return this.users.find({}, { _id: 0 }).sort({ lastSeen: -1 }).limit(100).lean().exec();
  }
}
