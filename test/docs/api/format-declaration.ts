import ts from 'typescript59';
import { publicMembers } from './public-members.ts';
import type { ExportedName } from './read-exports.ts';
import { sentenceOf, signatureText, toLine, typeParametersText } from './signature-text.ts';

const WIDTH = 120;

/**
 * An exported name as a reader needs it: signatures without bodies, and the first sentence of each docstring.
 *
 * @param isBare whether the members have no sentences
 * @returns lines of TypeScript
 */
export function formatDeclaration({ declarations, isType }: ExportedName, isBare: boolean): readonly string[] {
  return declarations.flatMap((node) => {
    const comment = sentenceOf(node);
    if (!ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node))
      return formatItem([declarationText(node)], comment, '');
    const members = publicMembers(node, isType);
    const head = headOf(node, isType);
    const [only] = members.flatMap(({ signatures }) => signatures);
    const short = `${head} {${only === undefined ? '' : ` ${only} `}}`;
    if (members.length <= 1 && members.every((member) => member.comment === '') && short.length <= WIDTH)
      return formatItem([short], comment, '');
    const body = members.flatMap((member) => formatItem(member.signatures, isBare ? '' : member.comment, '  '));
    return [...formatComment(comment, ''), `${head} {`, ...body, '}'];
  });
}

/** A class whose constructor is out of reach is an interface for everybody outside. */
function headOf(node: ts.ClassDeclaration | ts.InterfaceDeclaration, isType: boolean): string {
  const keyword = ts.isClassDeclaration(node) && !isType ? 'class' : 'interface';
  const parent = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
  const name = `${node.name?.text ?? ''}${typeParametersText(node.typeParameters)}`;
  return [keyword, name, ...(parent === undefined ? [] : [toLine(parent)])].join(' ');
}

function declarationText(node: ts.Declaration): string {
  if (ts.isFunctionDeclaration(node)) return `function ${node.name?.text ?? ''}${signatureText(node)};`;
  if (ts.isTypeAliasDeclaration(node))
    return `type ${node.name.text}${typeParametersText(node.typeParameters)} = ${toLine(node.type)};`;
  if (ts.isVariableDeclaration(node)) return `const ${toLine(node)};`;
  throw new Error(`A declaration of the kind ${ts.SyntaxKind[node.kind]} has no form here yet.`);
}

/** The comment stands behind a signature that leaves room for it, else above. */
function formatItem(signatures: readonly string[], comment: string, indent: string): readonly string[] {
  const line = `${indent}${signatures[0] ?? ''}${comment === '' ? '' : ` // ${comment}`}`;
  if (signatures.length === 1 && line.length <= WIDTH) return [line];
  return [...formatComment(comment, indent), ...signatures.flatMap((each) => fill(each, indent, `${indent}  `))];
}

function formatComment(comment: string, indent: string): readonly string[] {
  return comment === '' ? [] : fill(comment, `${indent}// `, `${indent}// `);
}

/** Breaks a text at spaces, so that no line is longer than the page is wide. */
function fill(text: string, first: string, next: string): readonly string[] {
  const lines: string[] = [];
  let line = first;
  // At the end of a line `readonly` would be a name.
  for (const word of text.split(/(?<!\breadonly) /)) {
    const isBegun = line !== first && line !== next;
    if (isBegun && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = next + word;
    } else line += isBegun ? ` ${word}` : word;
  }
  return [...lines, line];
}
