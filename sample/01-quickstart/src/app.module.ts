import { Module } from '@nestjs/common';
import { OidcAuthModule } from 'nestjs-oidc-auth';
import { DemoController } from './demo.controller.js';
import { PageController } from './page.controller.js';
import { SessionsController } from './sessions.controller.js';
import { broker, oidc } from './settings.js';

@Module({
  imports: [OidcAuthModule.forRoot({ prefix: '/api', ...oidc, ...broker })],
  controllers: [DemoController, PageController, ...(broker.brokerMode ? [SessionsController] : [])],
})
export class AppModule {}
