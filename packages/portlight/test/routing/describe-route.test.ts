import { expect, test } from 'vitest';
import { describeRoute } from '../../src/routing/describe-route.ts';

test.each([
  ['GET', '/users/:id', undefined, 'GET /users/:id'],
  ['GET', '/:id', '/users', 'GET /users/:id'],
  ['GET', '/', '/users', 'GET /users'],
  ['GET', '/users', '/', 'GET /users'],
  [null, '/users', '', 'all /users'],
  ['PUT', /\/a/i, '', 'PUT /\\/a/i'],
  ['PUT', null, '/api', "PUT null behind '/api'"],
])('%s %s behind %s', (method, pattern, prefix, sentence) => {
  expect(describeRoute(method, pattern, prefix)).toBe(sentence);
});
