/** An origin that the option `cors` of socket.io lets in, as far as it can be said without a request. */
export function allowedOrigins(cors: unknown): (origin: string) => boolean {
  const { origin } = (typeof cors === 'object' && cors !== null ? cors : {}) as { readonly origin?: unknown };
  const rules = Array.isArray(origin) ? origin : [origin];
  return (asked) => rules.some((rule) => matches(rule, asked));
}

function matches(rule: unknown, origin: string): boolean {
  if (rule instanceof RegExp) return new RegExp(rule.source, rule.flags.replace(/[gy]/g, '')).test(origin);
  return rule === true || rule === '*' || rule === origin;
}
