import { expect, test } from 'vitest';
import { SharedState } from '../../src/backplane/shared-state.ts';
import { ChannelRegistry } from '../../src/channels/channel-registry.ts';
import { ClientRegistry } from '../../src/clients/client-registry.ts';
import { DEFAULT_SERVER_CONFIG } from '../../src/config/server-options.ts';
import { GuardSet } from '../../src/guards/guard-set.ts';
import type { HttpRoute } from '../../src/handlers/http-route.ts';
import { Scope } from '../../src/handlers/scope.ts';
import { Hub } from '../../src/hub/hub.ts';
import type { Plan } from '../../src/planning/plan.ts';
import { Plans } from '../../src/planning/plans.ts';
import { EVERYBODY_AT_ONCE } from '../../src/turns/everybody-at-once.ts';
import { newRequest } from '../support/new-request.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

const log = { logger: new RecordingLogger(), verbose: false };
const root = new Scope();
const route = (method: string, pattern: string): HttpRoute => ({
  method,
  verbs: method,
  pattern,
  options: {},
  handler: () => '',
  scope: root,
});

function plansOf(...routes: readonly HttpRoute[]): (method: string, target: string) => Plan {
  const shared = new SharedState(log);
  const config = DEFAULT_SERVER_CONFIG;
  const guards = new GuardSet(shared, new ClientRegistry(shared, log));
  const registry = new ChannelRegistry(config.channels);
  const channels = { hub: new Hub(shared, log), registry, config: config.channels, turns: EVERYBODY_AT_ONCE, log };
  const eventsRoutes = [{ pattern: '/events', options: {}, handler: () => undefined, scope: root }];
  const channelRoutes = [{ pattern: '/socket', options: {}, handlers: {}, scope: root }];
  const registrations = { routes, channelRoutes, eventsRoutes, folders: [], scopes: [root] };
  const plans = new Plans(registrations, guards, channels, config, log);
  return (method, target) => plans.find(newRequest({ method, target })) as Plan;
}

const find = plansOf(route('GET', '/users/:id'), route('PUT', '/users/me'), route('POST', '/socket'));

test.each([
  ['405', 'POST', '/users/7', 'PURGE', '/users/8'],
  ['405 of a more specific route', 'POST', '/users/me', 'PATCH', '/users/me'],
  ['405 of a WebSocket route', 'PUT', '/socket', 'X-1', '/socket'],
  ['OPTIONS', 'OPTIONS', '/users/7', 'OPTIONS', '/users/8'],
  ['406', 'GET', '/events', 'HEAD', '/events'],
  ['426', 'GET', '/socket', 'HEAD', '/socket'],
  ['404', 'GET', '/none', 'POST', '/nothing'],
  ['400', 'GET', '//a', 'POST', '/a#b'],
  ['400 for the asterisk', 'GET', '*', 'POST', '*'],
  ['OPTIONS for the asterisk', 'OPTIONS', '*', 'OPTIONS', '*'],
])('%s is worked out once', (_name, method, target, otherMethod, otherTarget) => {
  expect(find(method, target)).toBe(find(otherMethod, otherTarget));
});

test('what is answered differently has plans of its own', () => {
  const plans = [
    find('POST', '/users/7'),
    find('POST', '/users/me'),
    find('OPTIONS', '/users/7'),
    find('OPTIONS', '/users/me'),
    find('GET', '/socket'),
    find('PUT', '/socket'),
    find('GET', '/events'),
    find('GET', '/none'),
  ];
  expect(new Set(plans).size).toBe(plans.length);
});
