import { NestFactory } from '@nestjs/core';
import { OidcAuthModule } from 'nestjs-oidc-auth';
import { bootAndClose } from './boot-and-close.cjs';

await bootAndClose(NestFactory, OidcAuthModule);
console.log('boots and ends by `import`');
