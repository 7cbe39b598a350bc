import { rpcDoors } from '../edge/testing/rpc-doors.js';
import type { Door } from './door.js';
import { restDoor } from './rest-door.js';

/** Every protocol the port speaks, with a key when one is given. */
export function allDoors(url: string, key?: string): Door[] {
  return [restDoor(url, key), ...rpcDoors(url, key)];
}
