import { RedisLink, type RunOptions } from '../../src/link/redis-link.ts';
import { type Script, toScript } from '../../src/link/script.ts';
import { parseRedisOptions } from '../../src/redis-options.ts';

/** A link whose script can be made to see another time, and whose answers can be lost. */
export class TestLink extends RedisLink {
  /** Called with the operation before each run; where it throws, the run does not take place. */
  onRun: (operation: string) => void = () => {};
  /** Called behind each run; where it throws, the answer is lost, and the run has taken effect. */
  onAnswer: (operation: string, answer: unknown) => void = () => {};
  readonly #script: Script;
  #shifted: Script;

  private constructor(url: string, prefix: string, script: Script) {
    super(parseRedisOptions(url, { prefix }), [script]);
    this.#script = script;
    this.#shifted = script;
  }

  static async open(url: string, prefix: string, script: Script): Promise<TestLink> {
    const link = new TestLink(url, prefix, script);
    await link.open();
    return link;
  }

  /** The script sees a clock that is so much later than that of Redis. */
  async shift(ms: number): Promise<void> {
    const shifted = toScript(`
      local real = redis
      local redis = setmetatable({ call = function(command, ...)
        local reply = real.call(command, ...)
        if command == 'TIME' then reply[1] = reply[1] + ${ms / 1_000} end
        return reply
      end }, { __index = real })
      ${this.#script.text}`);
    await this.send(['SCRIPT', 'LOAD', shifted.text]);
    this.#shifted = shifted;
  }

  override async run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number | Uint8Array)[],
    options?: RunOptions,
  ): Promise<unknown> {
    const operation = String(args[0]);
    if (script === this.#script) this.onRun(operation);
    const answer = await super.run(script === this.#script ? this.#shifted : script, keys, args, options);
    if (script === this.#script) this.onAnswer(operation, answer);
    return answer;
  }
}
