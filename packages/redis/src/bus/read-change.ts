import type { MemberChange } from 'portlight';

/** Who came or left, as the script has written it. */
export function readChange(text: string): MemberChange {
  const bytes = Buffer.from(text.slice(2));
  const [topic, rest] = unpair(bytes);
  const [member, info] = unpair(rest);
  return {
    topic: topic.toString(),
    kind: text.startsWith('j') ? 'joined' : 'left',
    member: member.toString(),
    info: text[1] === '1' ? info.toString() : undefined,
  };
}

/** Two texts that were written as one: the length of the first in bytes, a space, and both. */
function unpair(bytes: Buffer): readonly [Buffer, Buffer] {
  const space = bytes.indexOf(0x20);
  const length = Number(bytes.toString('latin1', 0, space));
  return [bytes.subarray(space + 1, space + 1 + length), bytes.subarray(space + 1 + length)];
}
