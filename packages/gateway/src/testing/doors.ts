import { rpcDoors } from '../edge/testing/rpc-doors.js';
import type { Door } from './door.js';
import { restDoor } from './rest-door.js';

/** Every protocol the port speaks. */
export function allDoors(url: string): Door[] {
  return [restDoor(url), ...rpcDoors(url)];
}
