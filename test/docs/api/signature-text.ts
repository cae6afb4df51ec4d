import ts from 'typescript59';

/** A piece of a declaration on one line, without comments. */
export function toLine(node: ts.Node): string {
  return ts
    .createPrinter({ removeComments: true })
    .printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())
    .replaceAll(/\s+/g, ' ')
    .replaceAll('[ ', '[')
    .replaceAll(' ]', ']')
    .replaceAll('; }', ' }')
    .trim();
}

/** What follows the name of a function or method: `(path: string): Promise<void>`. */
export function signatureText(node: ts.SignatureDeclaration): string {
  const parameters = node.parameters.map(parameterText).filter((parameter) => parameter !== undefined);
  return `${typeParametersText(node.typeParameters)}(${parameters.join(', ')})${typeText(node.type)}`;
}

/** `undefined` for the one that refuses further arguments. */
function parameterText(node: ts.ParameterDeclaration): string | undefined {
  const type = typeText(node.type);
  if (node.dotDotDotToken !== undefined && type === ': readonly never[]') return undefined;
  const name = ts.isIdentifier(node.name) ? node.name.text : 'options';
  return `${node.dotDotDotToken === undefined ? '' : '...'}${name}${node.questionToken === undefined ? '' : '?'}${type}`;
}

export function typeParametersText(nodes: readonly ts.TypeParameterDeclaration[] | undefined): string {
  return nodes === undefined ? '' : `<${nodes.map(toLine).join(', ')}>`;
}

/** `: string`, or nothing. */
export function typeText(node: ts.TypeNode | undefined): string {
  return node === undefined ? '' : `: ${toLine(node)}`;
}

/** The first sentence of the docstring. */
export function sentenceOf(node: ts.Node): string {
  const [doc] = ts
    .getJSDocCommentsAndTags(ts.isVariableDeclaration(node) ? node.parent.parent : node)
    .filter(ts.isJSDoc);
  const [paragraph = ''] = (ts.getTextOfJSDocComment(doc?.comment) ?? '').split(/\n\s*\n/);
  const text = paragraph.replaceAll(/\{@link ([\w.]+)\}/g, '`$1`').replaceAll(/\s+/g, ' ');
  return (/^.*?\.(?=\s+[A-Z`'"]|$)/.exec(text)?.[0] ?? text).trim().replace(/:$/, '.');
}
