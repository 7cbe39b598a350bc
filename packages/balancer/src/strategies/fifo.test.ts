import { strategyConformance } from './conformance.js';
import { fifo } from './fifo.js';

strategyConformance(fifo);
