import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { backup } from '@relais/contracts/edge';
import type { BackupPiece } from '../core/backups.js';
import { type EdgeShared, serveStream } from './serve.js';

/** relais.v1.BackupService over the use cases. */
export function backupService(shared: EdgeShared): ServiceImpl<typeof backup.BackupService> {
  return {
    readBackup: serveStream(shared, backup.BackupService.method.readBackup, async function* (_request, { caller }) {
      for await (const piece of shared.core.backups.read(caller)) yield messageOf(piece);
    }),
  };
}

function messageOf(piece: BackupPiece): MessageInitShape<typeof backup.ReadBackupResponseSchema> {
  if ('data' in piece) return { part: { case: 'data', value: piece.data } };
  return { part: { case: 'end', value: piece } };
}
