import { createLogger, type Logger, type LogLevel, type TraceExporter } from '@relais/kit';

/** The log of one role: lines for people on a terminal, JSON elsewhere. Standard output is for answers, not for logs. */
export function logTo(component: string, level: LogLevel): Logger {
  return createLogger({ component, level, destination: process.stderr, pretty: process.stderr.isTTY === true });
}

/** Traces come together at the gateway; what other roles see of them gets there with the answers. */
export function tracesOf(roles: readonly string[]): 'keep' | 'carry' {
  return roles.includes('gateway') ? 'keep' : 'carry';
}

/** Where spans go; undefined when no collector is named. */
export function exporterOf(settings: {
  readonly otlpUrl: string;
  readonly otlpProtocol: 'grpc' | 'http';
}): TraceExporter | undefined {
  return settings.otlpUrl === '' ? undefined : { kind: `otlp-${settings.otlpProtocol}`, url: settings.otlpUrl };
}
