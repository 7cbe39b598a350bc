export type { Backend, Durability, Entry, KeyRange, Write } from './backends/backend.js';
export { LevelBackend } from './backends/level/level-backend.js';
export { MemoryBackend } from './backends/memory/memory-backend.js';
export { type Restored, restoreBackup } from './backup/restore-backup.js';
export { defaultStorageBounds, type StorageBounds } from './functions/bounds.js';
export { FunctionStore, type FunctionStoreOptions } from './functions/function-store.js';
