export { functionStrategies } from './core/function-config.js';
export { Gateway, type GatewayOptions } from './gateway.js';
export { defaultGatewayLimits, type GatewayLimits } from './limits.js';
export type { SecretsKey } from './secrets/secrets-key.js';
