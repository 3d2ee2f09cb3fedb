export { startTestIdp } from './start-test-idp.js';
export type { TestIdp, TestIdpClientOptions } from './test-idp.js';
export type {
  TestIdpOptions,
  TestIdpRefreshTokenRotation,
  TestIdpRolesCarrier,
  TestIdpSettings,
} from './options/options.js';
export type { TestIdpClient } from './clients.js';
export type { TestIdpUser } from './users.js';
export type { TestIdpEndpoint } from './endpoints/endpoints.js';
export type { TestIdpFaults } from './faults/faults.js';
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
} from './faults/fault-types.js';
export type { TestIdpRequest } from './http/requests.js';
export type { TestIdpLogoutDelivery } from './endpoints/logout.js';
export type { TestIdpMintOptions, TestIdpTokenClaims } from './mint-types.js';
export { generateTestIdpKey, type TestIdpKey } from './signing-keys.js';
