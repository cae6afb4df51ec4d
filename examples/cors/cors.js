import { HttpResponse } from 'portlight';

/**
 * Lets the pages of some origins read every answer: also those that no middleware sees, as 429.
 *
 * @param {{ origins: readonly string[], credentials?: boolean }} options
 * @returns {(router: import('portlight').Router) => void}
 */
export function cors({ origins, credentials = false }) {
  return (router) => {
    router
      .use((request, next) => (isPreflight(request) && isAllowed(request) ? allowAll() : next()))
      .onResponse((response, request) => {
        response.headers.append('vary', 'Origin');
        const origin = request?.header('origin');
        if (origin === undefined || !origins.includes(origin)) return;
        response.header('access-control-allow-origin', origin);
        if (credentials) response.header('access-control-allow-credentials', 'true');
        response.header('access-control-expose-headers', 'retry-after, ratelimit, ratelimit-policy');
      });
  };

  /** @param {import('portlight').HttpRequest} request */
  function isAllowed(request) {
    return origins.includes(request.header('origin') ?? '');
  }
}

/** @param {import('portlight').HttpRequest} request */
function isPreflight(request) {
  return request.method === 'OPTIONS' && request.header('access-control-request-method') !== undefined;
}

/** What pages may send. */
function allowAll() {
  return new HttpResponse(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': 'content-type, authorization',
      'access-control-max-age': '600',
    },
  });
}
