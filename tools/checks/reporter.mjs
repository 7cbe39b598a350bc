// Ends a run with every skipped test by name and one line that can be read by a program. On CI a skip is a failure.

const skipped = new Set(['pending', 'skipped', 'todo', 'disabled']);

export default class Reporter {
  #isCi = process.env.CI === 'true';
  #skippedOnCi = 0;

  onRunComplete(_contexts, results) {
    const tests = results.testResults.flatMap((file) => file.testResults);
    const names = tests.filter((test) => skipped.has(test.status)).map(nameOf);
    // A file that could not even be loaded has no test to count, and must not go uncounted.
    const unloaded = results.testResults.filter((file) => file.testExecError !== undefined);
    const passedCount = tests.filter((test) => test.status === 'passed').length;
    const failedCount = tests.filter((test) => test.status === 'failed').length + unloaded.length;

    if (this.#isCi) this.#skippedOnCi = names.length;
    const reason = this.#skippedOnCi > 0 ? ['A skipped test fails the run where CI=true: install what it names.'] : [];
    const lines = [
      '',
      ...unloaded.map((file) => `did not run: ${file.testFilePath}`),
      ...names.map((name) => `skipped: ${name}`),
      ...reason,
      `${passedCount} passed, ${failedCount} failed, ${names.length} skipped`,
    ];
    // Jest's own summary comes after every reporter; the count must be the last line of all.
    process.once('exit', () => process.stdout.write(`${lines.join('\n')}\n`));
  }

  /** Anything given back makes the run fail. */
  getLastError() {
    return this.#skippedOnCi > 0 ? new Error('a test was skipped on CI') : undefined;
  }
}

function nameOf({ ancestorTitles, title }) {
  return [...ancestorTitles, title].join(' › ');
}
