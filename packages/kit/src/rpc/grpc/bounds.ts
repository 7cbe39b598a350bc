import type { ChannelOptions } from '@grpc/grpc-js';
import type { Address } from './address.js';

/** Pings that find a dead peer; a peer is gone timeMs + timeoutMs after its last sign of life. */
export interface Keepalive {
  readonly timeMs: number;
  readonly timeoutMs: number;
}

const tcpKeepalive: Keepalive = { timeMs: 10_000, timeoutMs: 5_000 };

/** Largest message either side sends or takes; a larger one ends its call with resource_exhausted. */
export const messageBytesMax = 64 * 1024 * 1024;

/** What a link holds for a peer that does not read; beyond it the link ends with resource_exhausted. */
export const linkBufferBytesMax = 64 * 1024 * 1024;

/** Budget of a call that came without a deadline: the longest function timeout and 5 s. */
export const budgetMsMax = 905_000;

/**
 * Unread bytes a client lets its server send ahead. HTTP/2's own 64 KiB stall a larger answer: a 64 KiB echo took 0.65 ms
 * in place of 0.53. grpc-js has no such option for a server.
 */
const receiveWindowBytes = 4 * 1024 * 1024;

/** Calls one connection may have open; further ones wait at the client. */
const streamsMax = 1_000;

// Node itself bounds initial metadata, at 128 pairs and about 128 KiB; grpc-js has no option for it.
const messageOptions: ChannelOptions = {
  'grpc.max_receive_message_length': messageBytesMax,
  'grpc.max_send_message_length': messageBytesMax,
};

/** Options of a server. A Unix socket needs no keepalive: the kernel tells when its peer is gone. */
export function serverOptions(address: Address, keepalive: Keepalive | undefined): ChannelOptions {
  return {
    ...messageOptions,
    ...keepaliveOptions(address, keepalive),
    'grpc.max_concurrent_streams': streamsMax,
  };
}

/** Options of a client: its own connection, never a proxy of the environment, quick to come back. */
export function clientOptions(address: Address, keepalive: Keepalive | undefined): ChannelOptions {
  return {
    ...messageOptions,
    ...keepaliveOptions(address, keepalive),
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 1_000,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    'grpc-node.flow_control_window': receiveWindowBytes,
    'grpc.service_config_disable_resolution': 1,
  };
}

function keepaliveOptions(address: Address, keepalive: Keepalive | undefined): ChannelOptions {
  const chosen = keepalive ?? (address.kind === 'tcp' ? tcpKeepalive : undefined);
  if (!chosen) return {};
  return {
    'grpc.keepalive_time_ms': chosen.timeMs,
    'grpc.keepalive_timeout_ms': chosen.timeoutMs,
    'grpc.keepalive_permit_without_calls': 1,
  };
}
