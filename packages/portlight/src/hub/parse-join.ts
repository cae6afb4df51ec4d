import { ConfigError } from '../errors/config-error.ts';
import { showValue } from '../errors/show-value.ts';
import { encodeData } from './encode-message.ts';
import type { InnerTopic } from './inner-topic.ts';
import { parseMemberName, parseTopic } from './parse-topic.ts';

/** How a channel joins a topic. When it joins again, what is left out stays as it was. */
export interface JoinOptions {
  /**
   * Who it is: 1 to 512 characters. Several channels of one member are one in presence; without it a channel is not in
   * presence.
   */
  readonly member?: string;
  /** What presence shows of it; anything that is JSON. */
  readonly info?: unknown;
  /**
   * What of the history comes first: `'earliest'` is all of it, a position, `<epoch>-<seq>`, what came behind it, and
   * `'left'` what came while no channel of this member was here: nothing while another one is, all of it where no
   * departure is known. Only where the topic has history, and only at the first join.
   *
   * @default only what comes from now on
   */
  readonly since?: string;
}

/** A topic to join, as who. */
export interface TopicJoin extends Pick<JoinOptions, 'member' | 'info'> {
  readonly topic: string | InnerTopic;
}

/** A topic to join, held against the rules. */
export interface ParsedJoin {
  readonly topic: string;
  readonly member: string | undefined;
  /** JSON text. */
  readonly info: string | undefined;
}

const OPTIONS: ReadonlySet<string> = new Set(['member', 'info', 'since']);

/**
 * @param topics names, or names with what is said of the one that joins; to the former the options apply
 * @throws {BadRequestError} `ERR_PORTLIGHT_INVALID_TOPIC`
 * @throws {ReplyError} `ERR_PORTLIGHT_INVALID_PUBLICATION`, when `info` is no JSON
 * @throws {ConfigError} for options that are none, or when `since` is `'left'` and there is no `member`
 */
export function parseJoins(topics: readonly (string | TopicJoin)[], options: JoinOptions): readonly ParsedJoin[] {
  const joins = topics.map((each) =>
    typeof each === 'string' ? parseJoin(each, options) : parseJoin(each.topic, each),
  );
  if (options.since === 'left' && joins.some(({ member }) => member === undefined))
    throw new ConfigError("join takes since: 'left' only together with member: it has to know who left.");
  return joins;
}

/** A topic and its options as an app gives them. @throws as {@link parseJoins} does */
export function assertJoin(topic: unknown, options: unknown): void {
  parseTopic(topic);
  if (typeof options !== 'object' || options === null)
    throw new ConfigError(`join takes options such as { member: 'ada' }, not ${showValue(options)}.`);
  const unknown = Object.keys(options).find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) throw new ConfigError(`join has no option ${JSON.stringify(unknown)}.`);
  const { since } = options as { readonly since?: unknown };
  if (since !== undefined && typeof since !== 'string')
    throw new ConfigError(`The option since of join is a string, not ${showValue(since)}.`);
}

function parseJoin(topic: string | InnerTopic, { member, info }: Pick<JoinOptions, 'member' | 'info'>): ParsedJoin {
  return {
    topic: parseTopic(topic),
    member: member === undefined ? undefined : parseMemberName(member),
    info: info === undefined ? undefined : encodeData(info, 'The info of a member'),
  };
}
