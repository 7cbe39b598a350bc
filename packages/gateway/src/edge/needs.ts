import type { Need } from '../access/needs.js';

// By service and method. What is not here needs admin: a door that was forgotten is shut.
const needs: Readonly<Record<string, Readonly<Record<string, Need>>>> = {
  'relais.v1.FunctionService': {
    DeployFunction: 'deploy',
    GetFunction: 'read',
    ListFunctions: 'read',
    ListVersions: 'read',
    RollbackFunction: 'deploy',
    DeleteFunction: 'deploy',
    ListLanguages: 'any',
  },
  'relais.v1.InvocationService': { Invoke: 'invoke', InvokeStream: 'invoke', TailLogs: 'read' },
  'relais.v1.ClusterService': {
    GetStatus: 'read',
    ListWorkers: 'read',
    DrainWorker: 'admin',
    SetStrategy: 'admin',
    ExplainScale: 'read',
  },
  'relais.v1.TraceService': { GetTrace: 'read', ListTraces: 'read' },
  'relais.v1.SecretService': { SetSecret: 'deploy', ListSecrets: 'deploy', DeleteSecret: 'deploy' },
  'relais.v1.BackupService': { ReadBackup: 'admin' },
  'relais.v1.KeyService': { CreateKey: 'admin', ListKeys: 'admin', RevokeKey: 'admin' },
};

/** What a call of a procedure needs. Health and reflection say nothing that is not public. */
export function needOfProcedure(path: string): Need {
  if (path.startsWith('/grpc.')) return 'nothing';
  const [, service = '', method = ''] = path.split('/');
  return declaredNeed(service, method) ?? 'admin';
}

/** Undefined when nobody has said. */
export function declaredNeed(service: string, method: string): Need | undefined {
  const methods = Object.hasOwn(needs, service) ? needs[service] : undefined;
  return methods && Object.hasOwn(methods, method) ? methods[method] : undefined;
}
