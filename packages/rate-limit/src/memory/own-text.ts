/**
 * The same text in memory of its own: one that was cut out of a longer one, a request head for example, would keep all
 * of that.
 */
export function ownText(text: string): string {
  const copy = Buffer.from(text, 'latin1').toString('latin1');
  return copy === text ? copy : Buffer.from(text, 'utf16le').toString('utf16le');
}
