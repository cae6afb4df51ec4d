/** The rooms of one package, from the lowest level to the highest: folders end in a slash, the others are files. */
export type Levels = readonly (readonly string[])[];

/** Of each folder in `packages`. A file may import its own folder and lower levels. */
export const LEVELS: Readonly<Record<string, Levels>> = {
  portlight: [
    ['errors/', 'on-demand.ts', 'log-line.ts'],
    ['fields/', 'defaults.ts', 'in-time.ts', 'log.ts', 'server-view.ts'],
    ['request/', 'response/'],
    ['config/', 'routing/', 'replies/'],
    ['backplane/', 'ports/'],
    ['primary/'],
    ['clients/', 'hub/'],
    ['channels/', 'guards/', 'turns/'],
    ['handlers/', 'interceptors/', 'observers/', 'bridge/'],
    ['planning/'],
    ['pipeline.ts', 'way-out.ts'],
    ['portless/', 'socket/'],
    ['lifecycle/'],
    ['runners/'],
    ['registration/'],
    ['assembly/'],
    ['router.ts', 'http-server.ts', 'index.ts', 'guests.ts'],
    ['testing/'],
  ],
  prefork: [
    ['prefork-error.ts', 'unheard-error.ts', 'ports/', 'processors/', 'restart/'],
    ['control/', 'link/'],
    ['start/'],
    ['child/'],
    ['supervisor/', 'testing/'],
    ['index.ts', 'testing.ts'],
  ],
  redis: [
    ['redis-options.ts'],
    ['link/'],
    ['bus/', 'clients/', 'limits/', 'values/'],
    ['redis-backplane.ts'],
    ['redis.ts', 'index.ts'],
  ],
  'rate-limit': [
    ['option-error.ts', 'rate-limit-policy.ts', 'address-key.ts'],
    ['create-policy.ts', 'rate-limit-store.ts', 'algorithms/'],
    ['format-rate-limit.ts', 'memory/'],
    ['leases/'],
    ['index.ts', 'leases.ts', 'testing/'],
    ['testing.ts'],
  ],
  'socket.io': [
    [
      'cluster/',
      'forwarding/',
      'allowed-origins.ts',
      'parse-options.ts',
      'portlight-request.ts',
      'serve-client.ts',
      'slow-clients.ts',
    ],
    ['socket-io-guest.ts'],
    ['socket-io.ts'],
    ['index.ts'],
  ],
};

/**
 * The folders that may import a package; `'*'` is everybody. Levels above the first may name its types: what they get
 * from the owner has them.
 * A third-party package that is not here may be imported by nobody; a module of Node that is not here, by everybody.
 */
export const OWNERS: Readonly<Record<string, readonly string[]>> = {
  'content-disposition': ['fields/'],
  'content-type': ['fields/'],
  mime: ['fields/'],
  negotiator: ['fields/'],
  cookie: ['fields/'],
  '@fastify/busboy': ['request/'],
  '@standard-schema/spec': ['config/'],
  zod: ['config/', 'bridge/'],
  'path-to-regexp': ['routing/'],
  '@portlight/rate-limit': ['backplane/', 'primary/', 'limits/'],
  'node:http': ['socket/', 'forwarding/', 'portlight-request.ts', 'serve-client.ts'],
  'node:net': ['ports/'],
  ws: ['socket/'],
  '@portlight/prefork': ['runners/'],
  '@redis/client': ['link/'],
  portlight: ['*'],
  'engine.io': ['forwarding/', 'slow-clients.ts', 'socket-io.ts'],
  'socket.io': ['cluster/', 'parse-options.ts', 'portlight-request.ts', 'serve-client.ts', 'socket-io.ts'],
  'socket.io-adapter': ['cluster/'],
};

/** What an owned package exports that everybody may import, because it holds nothing and only works things out. */
export const FREE_NAMES: Readonly<Record<string, readonly string[]>> = {
  '@portlight/rate-limit': [
    'addressKey',
    'createPolicy',
    'formatRateLimit',
    'slidingWindow',
    'KeyState',
    'RateLimitPolicy',
    'RateLimitClaim',
    'RateLimitDecision',
    'RateLimitStore',
  ],
  'node:net': ['BlockList', 'SocketAddress', 'isIP', 'isIPv4', 'isIPv6'],
};
