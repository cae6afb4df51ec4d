/** A message came that nobody sees to. */
export class UnheardError extends Error {
  override readonly name: string = 'UnheardError';
}
