const TIME = '\\d{2}:\\d{2}:\\d{2}';
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const IMF_FIXDATE = new RegExp(`^[A-Z][a-z]{2}, \\d{2} ${MONTH} \\d{4} ${TIME} GMT$`);
/** Two forms of former times, which are still to be understood. */
const RFC_850 = new RegExp(`^[A-Z][a-z]+day, \\d{2}-${MONTH}-\\d{2} ${TIME} GMT$`);
const ASCTIME = new RegExp(`^[A-Z][a-z]{2} ${MONTH} [ \\d]\\d ${TIME} \\d{4}$`);

/** The time of a date field in ms since 1970, or `undefined` where it is none (RFC 9110 §5.6.7). */
export function parseHttpDate(field: string | undefined): number | undefined {
  if (field === undefined) return undefined;
  const text = ASCTIME.test(field) ? `${field} GMT` : field;
  if (text === field && !IMF_FIXDATE.test(field) && !RFC_850.test(field)) return undefined;
  const time = Date.parse(text.replaceAll('-', ' '));
  return Number.isNaN(time) ? undefined : time;
}

export function formatHttpDate(time: number): string {
  return new Date(time).toUTCString();
}
