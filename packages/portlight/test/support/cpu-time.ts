/**
 * The time that this process has spent computing, in ms. Unlike a clock it does not go on while other programs have the
 * processor.
 */
export function cpuTimeMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
