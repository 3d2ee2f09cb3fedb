export { startTestIdp } from './start-test-idp.js';
export type { TestIdp, TestIdpClientOptions } from './test-idp.js';
export type { TestIdpOptions, TestIdpRefreshTokenRotation, TestIdpRolesCarrier, TestIdpSettings } from './options.js';
export type { TestIdpClient } from './clients.js';
export type { TestIdpUser } from './users.js';
export type { TestIdpEndpoint } from './endpoints.js';
export type { TestIdpFaults } from './faults.js';
export type {
  TestIdpAuthorizationFault,
  TestIdpCommonFault,
  TestIdpEdit,
  TestIdpEndpointFaults,
  TestIdpFault,
  TestIdpFaultPlace,
  TestIdpOtherAnswer,
  TestIdpTokenFault,
  TestIdpUserinfoFault,
} from './fault-names.js';
export type { TestIdpRequest } from './requests.js';
export type { TestIdpLogoutDelivery } from './logout.js';
export type { TestIdpMintOptions, TestIdpTokenClaims } from './mint.js';
export { generateTestIdpKey, type TestIdpKey } from './signing-keys.js';
