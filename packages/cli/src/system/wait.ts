const pollMs = 20;

/** Waits for a condition; rejects, naming it, when it does not hold within deadlineMs. */
export async function eventually(what: string, condition: () => Promise<boolean>, deadlineMs = 15_000): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`did not happen within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
