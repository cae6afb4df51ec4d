const IMF_FIXDATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** The time of a date field in ms since 1970, or `undefined` where it is none (RFC 9110 §5.6.7). */
export function parseHttpDate(field: string | undefined): number | undefined {
  if (field === undefined || !IMF_FIXDATE.test(field)) return undefined;
  const time = Date.parse(field);
  return Number.isNaN(time) ? undefined : time;
}

export function formatHttpDate(time: number): string {
  return new Date(time).toUTCString();
}
