import { fieldControls, type HeaderList } from '../fields/header-list.ts';
import type { HttpResponse } from '../response/http-response.ts';
import { addDefaults } from '../response/to-response.ts';

/**
 * Gives a response what it has from others than the app's handler.
 *
 * @param defaults what the response may set itself
 * @param fields what guards say of the request: it stands on the response whoever made that
 */
export function dressResponse(
  response: HttpResponse,
  defaults: HeaderList,
  fields?: Readonly<Record<string, string | undefined>>,
): HttpResponse {
  if (fields !== undefined) setFields(response, fields);
  addDefaults(response, defaults);
  return response;
}

/** Gives a response that an interceptor made what it lacks of that: what it has set itself stands. */
export function completeResponse(
  response: HttpResponse,
  defaults: HeaderList,
  fields: Readonly<Record<string, string | undefined>> = {},
): HttpResponse {
  const missing = Object.entries(fields).filter(([name]) => !response.headers.has(name));
  return dressResponse(response, defaults, Object.fromEntries(missing));
}

function setFields({ headers }: HttpResponse, fields: Readonly<Record<string, string | undefined>>): void {
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) fieldControls.put(headers, name, value);
  }
}
