/**
 * Options of Node that are of one process only: a debugger's port cannot be opened twice, the watcher and the test
 * runner start programs themselves, and code on the command line is no file.
 */
const OF_ONE_PROCESS = /^--(?:inspect|debug-port|watch|test|experimental-test|eval|print|interactive|check)(?:$|[-=])/;
const SHORT_OF_ONE_PROCESS: ReadonlySet<string> = new Set(['-e', '-p', '-pe', '-i', '-c']);

/** Those of them whose value is the next argument, where it does not follow a `=`. */
const WITH_VALUE =
  /^(?:-e|-p|-pe|--eval|--print|--inspect-port|--debug-port|--inspect-publish-uid|--watch-path|--watch-kill-signal|--(?:experimental-)?test-(?:name-pattern|skip-pattern|reporter|reporter-destination|concurrency|timeout|shard|isolation|coverage-.*|global-setup|rerun-failures|random-seed))$/;

/** What children inherit of `process.execArgv`: loaders and everything else, without what is of one process. */
export function inheritedArgs(execArgv: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let index = 0; index < execArgv.length; index++) {
    const arg = execArgv[index] as string;
    if (!isOfOneProcess(arg)) kept.push(arg);
    else if (WITH_VALUE.test(arg) && execArgv[index + 1]?.startsWith('-') === false) index++;
  }
  return kept;
}

/** The same of `NODE_OPTIONS`, in which arguments are parted by spaces, and those with spaces stand in quotes. */
export function inheritedNodeOptions(text: string): string {
  return inheritedArgs(text.match(/(?:"(?:\\.|[^"\\])*"|[^ "])+/g) ?? []).join(' ');
}

/** Whether the program came on the command line, and not from a file. */
export function isEvaluated(execArgv: readonly string[]): boolean {
  return execArgv.some((arg) => /^(?:-e|-p|-pe|--eval|--print)(?:$|=)/.test(arg));
}

function isOfOneProcess(arg: string): boolean {
  return OF_ONE_PROCESS.test(arg) || SHORT_OF_ONE_PROCESS.has(arg);
}
