/** Where the tests look for interpreters and tools. */
export function testSearchPath(): string {
  return process.env.PATH ?? '/usr/bin:/bin';
}
