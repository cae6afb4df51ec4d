import { parseSync, Visitor } from 'oxc-parser';

/** As prettier is told, in `.prettierrc.json`. */
const MOST = 120;

/**
 * The lines that are too long for a reader, from 1. What nobody can break does not count: strings, the text of
 * templates, regular expressions. Prettier lays the code out, but leaves comments as they are.
 *
 * @throws {Error} when the file cannot be parsed
 */
export function findLongLines(path: string, source: string): readonly number[] {
  const lines = source.split('\n');
  if (lines.every((line) => line.length <= MOST)) return [];
  const counted = withoutTexts(path, source).split('\n');
  return counted.flatMap((line, index) => (line.length > MOST ? [index + 1] : []));
}

function withoutTexts(path: string, source: string): string {
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0)
    throw new Error(`${path} cannot be parsed: ${errors.map(({ message }) => message).join('; ')}`);
  const texts: (readonly [start: number, end: number])[] = [];
  const add = ({ start, end }: { readonly start: number; readonly end: number }): void => void texts.push([start, end]);
  new Visitor({ Literal: add, TemplateElement: add }).visit(program);
  let rest = '';
  let at = 0;
  for (const [start, end] of texts.sort(([one], [other]) => one - other)) {
    // Of a template over several lines, each goes on with what is left of it.
    rest += source.slice(at, start) + source.slice(start, end).replaceAll(/[^\n]/g, '');
    at = end;
  }
  return rest + source.slice(at);
}
