import { readFileSync } from 'node:fs';

const read = (file) => readFileSync(new URL(file, import.meta.url), 'utf8').split('\n');
const indentOf = (line) => line.length - line.trimStart().length;

/**
 * The statement, or the call of a chain, that begins so in a file beside this one, with all that is indented below it,
 * and the number of its first line.
 *
 * @throws {Error} when none does: a page that shows code shows what runs
 */
export function linesOf(file, start) {
  const lines = read(file);
  const first = lines.findIndex((line) => line.trimStart().startsWith(start));
  if (first === -1) throw new Error(`No line of ${file} begins with ${start}`);
  const indent = indentOf(lines[first]);
  let end = first + 1;
  while (end < lines.length && (indentOf(lines[end]) > indent || /^\s*[)}\]]/.test(lines[end]))) end++;
  const code = lines.slice(first, end).map((line) => line.slice(indent));
  return { line: first + 1, code: code.join('\n') };
}

export const wholeOf = (file) => read(file).join('\n').trim();
