import { Controller, Get, UseGuards } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IdToken, IdTokenClaims, OidcGuard } from 'nestjs-oidc-auth';
import { Repository } from 'typeorm';
import { Account } from './account.entity.js';

/** The application's own business with the database. */
@Controller('api/account')
@UseGuards(OidcGuard)
export class AccountController {
  constructor(@InjectRepository(Account) private readonly accounts: Repository<Account>) {}

  @Get()
  async account(@IdToken() { iss, sub, name }: IdTokenClaims) {
    const seen = { iss, sub, name: typeof name === 'string' ? name : null, lastSeen: new Date() };
    // One statement, as the other instance may meet the same person at the same moment.
    await this.accounts.upsert(seen, ['iss', 'sub']);
    return this.accounts.findOneByOrFail({ iss, sub });
  }
}
