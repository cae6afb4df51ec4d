import { describe, expectTypeOf, test } from 'vitest';
import type { PathParams } from '../src/routing/params.ts';
import type { RoutePattern } from '../src/routing/pattern.ts';

type Nothing = Record<never, string>;
type Unknown = Record<string, string | string[] | undefined>;

declare function get<const Pattern extends RoutePattern>(pattern: Pattern): PathParams<Pattern>;

describe('PathParams of a string', () => {
  test('without params has no names', () => {
    expectTypeOf<PathParams<'/'>>().toEqualTypeOf<Nothing>();
    expectTypeOf<PathParams<'/users/all'>>().toEqualTypeOf<Nothing>();
    expectTypeOf<PathParams<'/a{b}'>>().toEqualTypeOf<Nothing>();
    expectTypeOf<PathParams<'/\\:id/\\*all'>>().toEqualTypeOf<Nothing>();
  });

  test('has a string for each param', () => {
    expectTypeOf<PathParams<'/users/:id'>>().toEqualTypeOf<{ id: string }>();
    expectTypeOf<PathParams<'/:a/x/:b'>>().toEqualTypeOf<{ a: string; b: string }>();
    expectTypeOf<PathParams<'/:a-:b.:c'>>().toEqualTypeOf<{ a: string; b: string; c: string }>();
    expectTypeOf<PathParams<'/:user_id/:$x/:i18n/'>>().toEqualTypeOf<{ user_id: string; $x: string; i18n: string }>();
    expectTypeOf<PathParams<'/@:name;v=:version'>>().toEqualTypeOf<{ name: string; version: string }>();
  });

  test('has an array for each wildcard', () => {
    expectTypeOf<PathParams<'/files/*path'>>().toEqualTypeOf<{ path: string[] }>();
    expectTypeOf<PathParams<'/:repo/*path/edit'>>().toEqualTypeOf<{ repo: string; path: string[] }>();
  });

  test('has an optional name for what stands in a group', () => {
    expectTypeOf<PathParams<'/users/:id{/:tab}'>>().toEqualTypeOf<{ id: string; tab?: string }>();
    expectTypeOf<PathParams<'/report{.:format}'>>().toEqualTypeOf<{ format?: string }>();
    expectTypeOf<PathParams<'/a{/:b{/:c}/:d}/:e'>>().toEqualTypeOf<{ b?: string; c?: string; d?: string; e: string }>();
    expectTypeOf<PathParams<'/files{/*path}'>>().toEqualTypeOf<{ path?: string[] }>();
    expectTypeOf<PathParams<'/\\{:a\\}/{:b}'>>().toEqualTypeOf<{ a: string; b?: string }>();
  });

  test('reads names as path-to-regexp does', () => {
    expectTypeOf<PathParams<'/:"a-b"/*"c d"'>>().toEqualTypeOf<{ 'a-b': string; 'c d': string[] }>();
    expectTypeOf<PathParams<'/:"say \\"hi\\""x'>>().toEqualTypeOf<{ 'say "hi"': string }>();
    expectTypeOf<PathParams<'/:größe/:名前/:ñ2'>>().toEqualTypeOf<{ größe: string; 名前: string; ñ2: string }>();
    expectTypeOf<PathParams<'/:id\\:x'>>().toEqualTypeOf<{ id: string }>();
  });

  test('is read from the argument of a call', () => {
    expectTypeOf(get('/users/:id{/:tab}')).toEqualTypeOf<{ id: string; tab?: string }>();
    expectTypeOf<PathParams<'/a/:x' | '/b/*y'>>().toEqualTypeOf<{ x: string } | { y: string[] }>();
  });

  test('of many segments is read to the end', () => {
    expectTypeOf<
      PathParams<'/organizations/:organization/projects/:project/environments/:environment/deployments/:deployment/logs/:log/lines/:line{/:format}/*rest'>
    >().toEqualTypeOf<{
      organization: string;
      project: string;
      environment: string;
      deployment: string;
      log: string;
      line: string;
      format?: string;
      rest: string[];
    }>();
  });
});

describe('PathParams of what is no literal', () => {
  test('knows no names', () => {
    expectTypeOf<PathParams<string>>().toEqualTypeOf<Unknown>();
    expectTypeOf<PathParams<`/users/${string}`>>().toEqualTypeOf<Unknown>();
    expectTypeOf<PathParams<`/:id${string}`>>().toEqualTypeOf<Unknown>();
    expectTypeOf<PathParams<`/:${string}`>>().toEqualTypeOf<Unknown>();
    expectTypeOf<PathParams<`/v${number}/:id`>>().toEqualTypeOf<{ id: string }>();
  });

  test('of a RegExp is its named groups, each of which may be missing', () => {
    expectTypeOf<PathParams<RegExp>>().toEqualTypeOf<Record<string, string | undefined>>();
    expectTypeOf(get(/\/(?<id>\d+)/)['id']).toEqualTypeOf<string | undefined>();
  });

  test('of null is nothing', () => {
    expectTypeOf<PathParams<null>>().toEqualTypeOf<Nothing>();
  });
});

describe('misuse does not compile', () => {
  test('a name that the pattern does not have', () => {
    // @ts-expect-error the param is called id
    expectTypeOf(get('/users/:id').name);
    // @ts-expect-error a static pattern has no params
    expectTypeOf(get('/users').id);
    // @ts-expect-error null has no params
    expectTypeOf(get(null).id);
    // @ts-expect-error the name ends at the hyphen
    expectTypeOf(get('/:user-id')['user-id']);
  });

  test('a value of the wrong kind', () => {
    // @ts-expect-error a wildcard is an array
    expectTypeOf<string>(get('/files/*path').path);
    // @ts-expect-error a param of a group may be missing
    expectTypeOf(get('/users/:id{/:tab}').tab.length);
    // @ts-expect-error a param is text, whatever it looks like
    expectTypeOf<number>(get('/users/:id').id);
  });

  test('a pattern that is none', () => {
    // @ts-expect-error a number is no pattern
    get(5);
    // @ts-expect-error undefined is no pattern, null is
    get(undefined);
  });
});
