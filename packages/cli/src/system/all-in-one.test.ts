import { systemScenarios } from './scenarios.js';
import { allInOne } from './topology.js';

systemScenarios(allInOne);
