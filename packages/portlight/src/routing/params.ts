import type { RoutePattern } from './pattern.ts';

/**
 * The params of a pattern, read from its literal.
 *
 *     '/users/:id{/:tab}'     { id: string; tab?: string }
 *     '/files/*path'          { path: string[] }
 *     a RegExp                Record<string, string | undefined>
 *     null                    {}
 *     a string, no literal    Record<string, string | string[] | undefined>
 *
 * A name ends where no letter, digit, `_` or `$` follows; every character beyond ASCII counts as a letter here. Where
 * one is none, put the name in quotes: `/:"from"→:"to"`.
 */
export type PathParams<Pattern extends RoutePattern> = Pattern extends string
  ? ToParams<Scan<Pattern>>
  : Pattern extends RegExp
    ? Record<string, string | undefined>
    : Record<never, string>;

/** One that a pattern names, or with `string` as its name all those that are not known before the app runs. */
interface Param {
  readonly name: string;
  readonly value: string | string[];
  readonly isOptional: boolean;
}

type ToParams<Found extends Param> = string extends Found['name']
  ? Record<string, string | string[] | undefined>
  : Flatten<
      { [Each in Found as Each['isOptional'] extends false ? Each['name'] : never]: Each['value'] } & {
        [Each in Found as Each['isOptional'] extends true ? Each['name'] : never]?: Each['value'];
      }
    >;

type Flatten<Type> = { [Key in keyof Type]: Type[Key] };

/** One character at a time. `Groups` is as long as groups are open. */
type Scan<
  Rest extends string,
  Groups extends unknown[] = [],
  Found extends Param = never,
> = Rest extends `${infer Char}${infer After}`
  ? string extends Char
    ? Param
    : Char extends '\\'
      ? Scan<WithoutFirst<After>, Groups, Found>
      : Char extends '{'
        ? Scan<After, [...Groups, unknown], Found>
        : Char extends '}'
          ? Scan<After, Groups extends [unknown, ...infer Outer] ? Outer : [], Found>
          : Char extends ':'
            ? ScanAfter<TakeName<After>, string, Groups, Found>
            : Char extends '*'
              ? ScanAfter<TakeName<After>, string[], Groups, Found>
              : Scan<After, Groups, Found>
  : Rest extends ''
    ? Found
    : Param;

type ScanAfter<
  Taken extends [name: string, rest: string],
  Value extends string | string[],
  Groups extends unknown[],
  Found extends Param,
> = Scan<
  Taken[1],
  Groups,
  Found | { readonly name: Taken[0]; readonly value: Value; readonly isOptional: Groups extends [] ? false : true }
>;

type TakeName<Rest extends string> = Rest extends `"${infer Quoted}` ? TakeQuoted<Quoted> : TakeWord<Rest>;

type TakeQuoted<Rest extends string, Name extends string = ''> = Rest extends `${infer Char}${infer After}`
  ? Char extends '"'
    ? [Name, After]
    : Char extends '\\'
      ? After extends `${infer Escaped}${infer Next}`
        ? TakeQuoted<Next, `${Name}${Escaped}`>
        : [Name, '']
      : TakeQuoted<After, `${Name}${Char}`>
  : [Name, ''];

type TakeWord<Rest extends string, Name extends string = ''> = Rest extends `${infer Char}${infer After}`
  ? Char extends NoWordCharacter
    ? [Name, Rest]
    : TakeWord<After, `${Name}${Char}`>
  : [Name, Rest];

type WithoutFirst<Text extends string> = Text extends `${infer _First}${infer Rest}` ? Rest : '';

type NoWordCharacter =
  | ' '
  | '!'
  | '"'
  | '#'
  | '%'
  | '&'
  | "'"
  | '('
  | ')'
  | '*'
  | '+'
  | ','
  | '-'
  | '.'
  | '/'
  | ':'
  | ';'
  | '<'
  | '='
  | '>'
  | '?'
  | '@'
  | '['
  | '\\'
  | ']'
  | '^'
  | '`'
  | '{'
  | '|'
  | '}'
  | '~'
  | '\t'
  | '\n'
  | '\r';
