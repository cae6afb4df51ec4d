/**
 * What to write instead of a string that path-to-regexp does not parse. Such strings mostly come from other routers:
 * `/ws(?:/.*)?`, `/:id(\d+)`, `/:id?`, `/files/*`.
 */
export function syntaxRemedy(pattern: string): string | undefined {
  if (/[()[\]|]/.test(pattern)) return `a string holds no regular expression; ${suggestRegExp(pattern)}`;
  if (/:[\w$]+[+*]/.test(pattern)) return `several segments are a wildcard: write '${pattern.replace(/:([\w$]+)[+*]/g, '*$1')}'`;
  if (pattern.includes('?')) return suggestWithoutQuestionMark(pattern);
  if (/\*(?![\p{ID_Start}$_"])/u.test(pattern)) return `a wildcard needs a name: write '${pattern.replace(/\*(?![\p{ID_Start}$_"])/gu, '*path')}'`;
  const sign = /[+!]/.exec(pattern)?.[0];
  return sign === undefined ? undefined : `write '\\\\${sign}' for a '${sign}' that is text`;
}

function suggestRegExp(pattern: string): string {
  const source = pattern
    .replace(/\{([\p{ID_Start}$_][\p{ID_Continue}$]*)(?::([^{}]+))?\}/gu, (_, name: string, rule = '[^/]+') => `(?<${name}>${String(rule)})`)
    .replace(/(?<!\?):([\p{ID_Start}$_][\p{ID_Continue}$]*)(\()?/gu, (_, name: string, rule?: string) => `(?<${name}>${rule === undefined ? '[^/]+)' : ''}`);
  try {
    return `write a RegExp instead, ${String(new RegExp(source))}`;
  } catch {
    return 'write a RegExp instead';
  }
}

function suggestWithoutQuestionMark(pattern: string): string {
  const optional = pattern.replace(/\/:([\w$]+)\?/g, '{/:$1}');
  if (!optional.includes('?')) return `an optional segment is a group: write '${optional}'`;
  return "the query is no part of a pattern; write '%3F' for a question mark that is part of the path";
}
