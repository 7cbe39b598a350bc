import { join } from 'node:path';

/** A folder of first functions, one folder per language. */
export const templates = join(import.meta.dirname, '../../templates');

/** Languages there is a first function for. Each answers `{"name":"Ada"}`, and nothing at all, with a greeting. */
export const templateLanguages = ['c', 'cpp', 'rust', 'go', 'js', 'ts', 'python', 'php', 'html'] as const;
