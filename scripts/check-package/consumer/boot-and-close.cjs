/** Nothing listens at the address: an application boots while its IdP is down. */
exports.bootAndClose = async (NestFactory, OidcAuthModule) => {
  const module = OidcAuthModule.forRoot({
    clientId: 'app',
    clientSecret: 'a-secret-of-more-than-thirty-two-characters',
    discoveryUrl: 'https://idp.invalid/.well-known/openid-configuration',
  });
  const app = await NestFactory.createApplicationContext(module, { logger: ['warn', 'error'] });
  await app.close();
};
