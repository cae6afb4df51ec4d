const NAMELESS = /[:*](?![\p{ID_Start}$_"])/u;
const NAMELESS_WILDCARD = /\*(?![\p{ID_Start}$_"])/gu;
/** `{id}` and `{id:\d+}`. */
const BRACED_PARAM = /\{([\p{ID_Start}$_][\p{ID_Continue}$]*)(?::([^{}]+))?\}/gu;
/** `:id{[0-9]+}`, which holds an expression, and no group of a path. */
const PARAM_RULE = /:([\p{ID_Start}$_][\p{ID_Continue}$]*)\{([^{}/:*]+)\}/gu;
/** `:id` and the beginning of `:id(\d+)`, but not the colon of `(?:`. */
const PARAM = /(?<!\?):([\p{ID_Start}$_][\p{ID_Continue}$]*)(\()?/gu;

/**
 * What to write instead of a string that path-to-regexp does not parse; `undefined` where its own message says more.
 * Such strings mostly come from other routers: `/ws(?:/.*)?`, `/:id(\d+)`, `/:id?`, `/files/*`.
 */
export function syntaxRemedy(pattern: string): string | undefined {
  if (pattern === '*') return "every path is null, and every path as a param is '/*path'";
  if (/[()[\]|]/.test(pattern)) return `a string holds no regular expression; write ${suggestRegExp(pattern)} instead`;
  if (/:[\w$]+[+*]/.test(pattern))
    return `several segments are a wildcard; write '${pattern.replace(/:([\w$]+)[+*]/g, '*$1')}'`;
  if (pattern.includes('?')) return suggestWithoutQuestionMark(pattern);
  const nameless = NAMELESS.exec(pattern)?.[0];
  if (nameless === '*') return `a wildcard needs a name; write '${pattern.replace(NAMELESS_WILDCARD, '*path')}'`;
  if (nameless === ':')
    return "a param needs a name that begins with a letter, '_' or '$'; write '\\\\:' for a colon that is text";
  return explainSign(pattern);
}

function explainSign(pattern: string): string | undefined {
  const sign = /[+!]/.exec(pattern)?.[0];
  if (sign !== undefined) return `write '\\\\${sign}' for a '${sign}' that is text`;
  if (pattern.endsWith('\\'))
    return "a backslash is for the character behind it, and there is none; write '%5C' for a backslash that is text";
  if (/[:*]"/.test(pattern)) return 'a name in quotes needs a closing quote';
  return /[{}]/.test(pattern)
    ? "a '{' and a '}' belong together; write '\\\\{' and '\\\\}' for braces that are text"
    : undefined;
}

function suggestRegExp(pattern: string): string {
  const source = pattern
    .replace(PARAM_RULE, (_, name: string, rule: string) => `(?<${name}>${rule})`)
    .replace(BRACED_PARAM, (_, name: string, rule: string = '[^/]+') => `(?<${name}>${rule})`)
    .replace(PARAM, (_, name: string, rule?: string) => (rule === undefined ? `(?<${name}>[^/]+)` : `(?<${name}>`));
  try {
    return `the RegExp ${String(new RegExp(source))}`;
  } catch {
    return 'a RegExp';
  }
}

function suggestWithoutQuestionMark(pattern: string): string {
  const optional = pattern.replace(/\/:([\w$]+)\?/g, '{/:$1}');
  if (!optional.includes('?')) return `an optional segment is a group; write '${optional}'`;
  return "the query is no part of a pattern; write '%3F' for a question mark that is part of the path";
}
