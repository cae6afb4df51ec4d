/** One text for a topic and a name in it, which no other pair has. */
export function pairKey(topic: string, name: string): string {
  return `${topic.length} ${topic}${name}`;
}
