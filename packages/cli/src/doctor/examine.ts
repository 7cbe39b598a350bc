import type { Surroundings } from '../framework/surroundings.js';
import { disk } from './disk.js';
import { type Finding, good } from './finding.js';
import { limits } from './limits.js';
import { platform } from './platform.js';
import { sandbox } from './sandbox.js';
import { tools } from './tools.js';

/** Everything there is to find out, in the order a person would ask. */
export async function examine(io: Surroundings, data: string): Promise<Finding[]> {
  const node = good('node', `${process.version}, ${process.platform} ${process.arch}`);
  const [running, installed, walls, bounds, space] = await Promise.all([
    platform(io),
    tools(),
    sandbox(),
    limits(),
    disk(data),
  ]);
  // A running platform knows its languages better than this machine, which may be another.
  const languages = running.languages ?? installed;
  return [node, ...running.findings, ...languages, ...walls, ...bounds, ...space];
}
