import type { PresentMember } from 'portlight';

/** Who is in a topic, as the script has written it. */
export function readMember(member: string, text: string): { readonly order: number; readonly present: PresentMember } {
  const [, channels, order, joinedAt, hasInfo, info] = /^(\d+) (\d+) (\d+) \d (\d) (.*)$/s.exec(text) ?? [];
  return {
    order: Number(order),
    present: {
      member,
      info: hasInfo === '1' ? info : undefined,
      channels: Number(channels),
      joinedAt: Number(joinedAt),
    },
  };
}
