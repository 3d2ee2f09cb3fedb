const { NestFactory } = require('@nestjs/core');
const { OidcAuthModule } = require('nestjs-oidc-auth');
const { bootAndClose } = require('./boot-and-close.cjs');

bootAndClose(NestFactory, OidcAuthModule).then(() => console.log('boots and ends by `require`'));
