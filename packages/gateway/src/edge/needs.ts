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

const needOfPath: ReadonlyMap<string, Need> = new Map(
  Object.entries(needs).flatMap(([service, methods]) =>
    Object.entries(methods).map(([method, need]) => [`/${service}/${method}`, need] as const),
  ),
);

/** What a call of a procedure needs. Health and reflection say nothing that is not public. */
export function needOfProcedure(path: string): Need {
  return needOfPath.get(path) ?? (path.startsWith('/grpc.') ? 'nothing' : 'admin');
}

/** The paths of which somebody has said what they need. */
export function pathsWithNeeds(): readonly string[] {
  return [...needOfPath.keys()];
}
