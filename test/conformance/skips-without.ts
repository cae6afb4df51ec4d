const said = new Set<string>();

/**
 * Whether the tests of this file that need a program of the machine are skipped: where it is missing, which is said
 * once and loudly. In CI they are not skipped, so they fail.
 *
 * @param program where it is, or `undefined` where it is missing
 */
export function skipsWithout(program: string | undefined, name: string, debianPackage: string): boolean {
  if (program !== undefined) return false;
  if (!said.has(name))
    process.stderr.write(
      `\n!!! SKIPPED: tests with ${name}, which is not installed (apt-get install ${debianPackage}). In CI they fail.\n\n`,
    );
  said.add(name);
  return process.env['CI'] === undefined;
}
