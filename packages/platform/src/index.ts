export { type PlatformConfig, platformSchema } from './config/schema.js';
export { restore } from './restore.js';
export { type UpSurroundings, up } from './up.js';
export { releaseVersion } from './version.js';
