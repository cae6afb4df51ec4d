import { RedisLink, type RunOptions } from '../../src/link/redis-link.ts';
import { type Script, toScript } from '../../src/link/script.ts';
import { parseRedisOptions } from '../../src/redis-options.ts';
import { freshPrefix } from './open-link.ts';

/** Takes the time from the last argument. */
const GIVEN_TIME = `
local given = tonumber(table.remove(ARGV))
local real = redis
local redis = setmetatable({ call = function(name, ...)
  if name == 'TIME' then return { tostring(math.floor(given / 1000000)), tostring(given % 1000000) } end
  return real.call(name, ...)
end }, { __index = real })
`;

/** A link whose script sees the time of a test, in ms, in place of that of Redis. */
export class ClockLink extends RedisLink {
  now: () => number = () => 0;
  readonly #script: Script;
  readonly #timed: Script;

  private constructor(url: string, script: Script, timed: Script) {
    super(parseRedisOptions(url, { prefix: freshPrefix() }), [timed]);
    this.#script = script;
    this.#timed = timed;
  }

  static async open(url: string, script: Script): Promise<ClockLink> {
    const link = new ClockLink(url, script, toScript(GIVEN_TIME + script.text));
    await link.open();
    return link;
  }

  override async run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number | Uint8Array)[],
    options?: RunOptions,
  ): Promise<unknown> {
    if (script !== this.#script) return super.run(script, keys, args, options);
    return super.run(this.#timed, keys, [...args, Math.round(this.now() * 1_000)], options);
  }
}
