import { Module } from '@nestjs/common';
import { OidcAuthModule } from 'nestjs-oidc-auth';
import { DemoController } from './demo.controller.js';
import { PageController } from './page.controller.js';
import { oidc } from './settings.js';

@Module({
  imports: [OidcAuthModule.forRoot({ prefix: '/api', ...oidc })],
  controllers: [DemoController, PageController],
})
export class AppModule {}
