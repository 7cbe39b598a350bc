import { systemScenarios } from './scenarios.js';
import { fourRoles } from './topology.js';

systemScenarios(fourRoles);
