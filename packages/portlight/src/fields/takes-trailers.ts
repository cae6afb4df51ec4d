const TRAILERS = /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i;

/** Whether a client says in `TE` that it does something with trailers (RFC 9110 §10.1.4). */
export function takesTrailers(te: string | null | undefined): boolean {
  return te !== null && te !== undefined && TRAILERS.test(te);
}
