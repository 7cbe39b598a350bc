import { testSearchPath } from '../processes/testing/search-path.js';
import { sandboxConformance } from './conformance.js';

sandboxConformance('bubblewrap', testSearchPath());
