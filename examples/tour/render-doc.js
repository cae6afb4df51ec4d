import { readdirSync, readFileSync } from 'node:fs';
import { Marked } from 'marked';

const DOCS = new URL('../../docs/', import.meta.url);
const frame = readFileSync(new URL('doc.html', import.meta.url), 'utf8');

/** The text of each page of docs/, by the path it has here. */
export function readDocs() {
  const names = readdirSync(DOCS, { recursive: true }).map((name) => name.replaceAll('\\', '/'));
  const pages = names.filter((name) => name.endsWith('.md') && !name.includes('node_modules/'));
  return new Map(pages.map((name) => [`/docs/${name}`, readFileSync(new URL(name, DOCS), 'utf8')]));
}

/** What a fragment of a link names, as in the repository's pages. */
const idOf = (html) =>
  html
    .replaceAll(/<[^>]*>|&\w+;|&#\d+;/g, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

/** A page as HTML. What leads to a file that is not served here is text. */
export function renderDoc(text, path, docs) {
  const isServed = (href) => {
    if (/^https?:/.test(href)) return true;
    const { pathname } = new URL(href, `http://docs${path}`);
    return docs.has(pathname) || /^\/examples\/.+\.\w+$/.test(pathname);
  };
  const renderer = {
    heading({ tokens, depth }) {
      const html = this.parser.parseInline(tokens);
      return `<h${depth} id="${idOf(html)}">${html}</h${depth}>\n`;
    },
    link({ href, tokens }) {
      const html = this.parser.parseInline(tokens);
      return isServed(href) ? `<a href="${encodeURI(decodeURI(href))}">${html}</a>` : html;
    },
  };
  const html = new Marked({ renderer }).parse(text.replaceAll(/^<!--.*-->$/gm, ''));
  const title = /^# (.*)$/m.exec(text)?.[1] ?? path;
  return frame.replaceAll(/\{(title|html)\}/g, (_, name) => ({ title: title.replaceAll('`', ''), html })[name]);
}
