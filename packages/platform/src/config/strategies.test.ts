import { strategyNames } from '@relais/balancer';
import { functionStrategies } from '@relais/gateway';

test('what a function may choose is what the balancer knows', () => {
  expect([...functionStrategies].sort()).toEqual([...strategyNames].sort());
});
