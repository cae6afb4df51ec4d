/** An error in the form in which it goes to another process. */
export interface RemoteErrorData {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string;
}

/** What was thrown, whatever it was. */
export function formatRemoteError(thrown: unknown): RemoteErrorData {
  if (!(thrown instanceof Error)) return { name: 'Error', message: textOf(thrown), stack: textOf(thrown) };
  const { name, message, stack, code } = thrown as Error & { readonly code?: unknown };
  return {
    name: String(name),
    message: String(message),
    stack: String(stack ?? `${name}: ${message}`),
    ...(typeof code === 'string' && { code }),
  };
}

/** The error of another process, with the stack that it had there. */
export function parseRemoteError(data: unknown): Error & { readonly code?: string } {
  const { name, message, stack, code } = (data ?? {}) as Partial<Record<keyof RemoteErrorData, unknown>>;
  const error = new Error(String(message));
  if (typeof name === 'string') error.name = name;
  if (typeof stack === 'string') error.stack = stack;
  return typeof code === 'string' ? Object.assign(error, { code }) : error;
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'something that has no text';
  }
}
