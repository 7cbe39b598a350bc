import { backendConformance } from '../conformance.js';
import { MemoryBackend } from './memory-backend.js';

backendConformance('MemoryBackend', {
  create: async () => new MemoryBackend(),
  again: async (stopped) => stopped,
  remove: async () => {},
});
