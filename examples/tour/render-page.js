import { CARDS, EXAMPLES, MODES } from './cards.js';
import { linesOf, wholeOf } from './lines-of.js';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'];
const SIGNS = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escape = (text) => String(text).replaceAll(/[&<>"]/g, (sign) => SIGNS[sign]);
const idOf = (title) => title.toLowerCase().replaceAll(' ', '-');

/** Each line a block, so that one that wraps goes on further in than it begins. */
function renderLines(code) {
  const lines = code.split('\n').map((line) => {
    const indent = line.length - line.trimStart().length;
    return `<span style="--in: ${indent}ch">${escape(line)}</span>`;
  });
  return `<pre class="code">${lines.join('')}</pre>`;
}

function renderCode(starts) {
  const parts = starts.map((start) => {
    const { line, code } = linesOf('server.js', start);
    return `<figcaption>server.js, line ${line}</figcaption>${renderLines(code)}`;
  });
  return `<figure>${parts.join('')}</figure>`;
}

const renderBody = (body) => `<textarea aria-label="Body" rows="2" spellcheck="false">${escape(body)}</textarea>`;

function renderCard({ title, about, method = 'GET', path, body, form, expects = 200, code, docs }) {
  const options = METHODS.map((each) => `<option${each === method ? ' selected' : ''}>${each}</option>`).join('');
  return `<article aria-label="${escape(title)}">
    <div>
      <h3>${escape(title)}</h3>
      <p>${escape(about)} <a href="/docs/${docs}">More</a></p>
      <form data-expects="${expects}">
        <select aria-label="Method">${options}</select>
        <input aria-label="Path" spellcheck="false" autocapitalize="off" value="${escape(path)}">
        <button>Send</button>
        ${form === 'file' ? '<input type="file" name="file" aria-label="File">' : ''}
        ${body === undefined ? '' : renderBody(body)}
      </form>
      <pre class="answer" tabindex="0" aria-live="polite" aria-label="Answer"></pre>
    </div>
    ${renderCode(code)}
  </article>`;
}

const renderSection = ([title, cards]) =>
  `<section id="${idOf(title)}"><h2>${title}</h2>${cards.map(renderCard).join('\n')}</section>`;

const renderMode =
  (mode) =>
  ([name, about]) =>
    `<label><input type="radio" name="mode" value="${name}" autocomplete="off"${name === mode ? ' checked' : ''}>
    <span><b>${name}</b> ${about} <code>npx -y pnpm@12 start ${name}</code></span></label>`;

/** Switching takes somebody who starts the server again. */
function renderModes(mode, canSwitch) {
  const modes = Object.entries(MODES).map(renderMode(mode)).join('\n');
  return `<fieldset${canSwitch ? '' : ' disabled'}><legend>Run this server as</legend>${modes}
    <button>Switch</button></fieldset>
    <p id="mode" role="status">It runs as '${mode}'.</p>
    ${canSwitch ? '' : '<p>Start it by the command of a mode, and it can be switched here.</p>'}`;
}

const renderExample = ([file, about]) =>
  `<li><a href="/examples/${file}">${file.split('/')[0]}</a> ${escape(about)} <code>node examples/${file}</code></li>`;

/** The page, with the lines of the files as they are when the server starts. */
export function renderPage({ mode, canSwitch }) {
  const parts = {
    hello: renderLines(wholeOf('hello.js')),
    chat: renderCode(['.onPresence(', '.accept(', '.events(', ".post('/chat/:room'"]),
    nav: Object.keys(CARDS)
      .map((title) => `<a href="#${idOf(title)}">${title}</a>`)
      .join(' '),
    sections: Object.entries(CARDS).map(renderSection).join('\n'),
    modes: renderModes(mode, canSwitch),
    switching: renderCode([".post('/mode'", 'const { reason']),
    examples: Object.entries(EXAMPLES).map(renderExample).join('\n'),
  };
  return wholeOf('page.html').replaceAll(/<!-- (\w+) -->/g, (_, name) => parts[name]);
}
