import { HttpResponse } from 'portlight';

/**
 * Lets the pages of some origins read the answers. A middleware sees every request, preflights and errors too.
 *
 * @param {readonly string[]} origins
 * @returns {import('portlight').Middleware}
 */
export function cors(origins) {
  return async (request, next) => {
    const origin = request.header('origin');
    const isAllowed = origin !== undefined && origins.includes(origin);
    const isPreflight = request.method === 'OPTIONS' && request.header('access-control-request-method') !== undefined;
    const response = isAllowed && isPreflight ? new HttpResponse(null, { status: 204 }) : await next();
    response.header('vary', 'Origin');
    if (!isAllowed) return response;
    response.header('access-control-allow-origin', origin);
    if (!isPreflight) return response;
    return response
      .header('access-control-allow-methods', 'GET, POST, PUT, DELETE')
      .header('access-control-allow-headers', 'content-type')
      .header('access-control-max-age', 600);
  };
}
