import type { ProtocolName } from '../plan/plan.js';
import { connectJson, connectProto } from './connect.js';
import { grpc } from './grpc.js';
import type { Protocol } from './protocol.js';
import { http, rest } from './rest.js';

const protocols: Readonly<Record<ProtocolName, Protocol>> = {
  rest,
  'connect-json': connectJson,
  'connect-proto': connectProto,
  grpc,
  http,
};

export function protocolOf(name: ProtocolName): Protocol {
  return protocols[name];
}
