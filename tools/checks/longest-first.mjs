// Orders what Jest runs: the scenarios of whole platforms first. They take minutes, in files so small that Jest, which goes by size
// where it has not seen how long each takes, keeps them for the end, when nothing is left to run beside the longest.
import Sequencer from '@jest/test-sequencer';

const longest = ['four-roles', 'all-in-one'].map((topology) => `/packages/cli/dist/system/${topology}.test.js`);

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const ordered = super.sort(tests);
    return [...ordered.filter(isLong), ...ordered.filter((test) => !isLong(test))];
  }
}

function isLong({ path }) {
  return longest.some((file) => path.endsWith(file));
}
