import ts from 'typescript59';
import { isPublic, nameOf } from './public-members.ts';
import type { ExportedName } from './read-exports.ts';

/** What the house calls on a channel, a stream or the fields of a response, and no app does. */
const INNER = new Set(['beat', 'deliver', 'flat', 'isOpen', 'miss', 'watch', 'HeaderList.assign', 'HeaderList.put']);

/**
 * What a class or an interface shows although no app can use it, a sentence each: members of classes that the house
 * alone calls, and members that take or give a class or an interface of a package that is not exported.
 */
export function findInnerNames(exports: readonly ExportedName[], checker: ts.TypeChecker): readonly string[] {
  const exported = new Set(exports.map(({ name }) => name));
  return exports.flatMap(({ name, isType, declarations }) =>
    declarations
      .filter((node) => ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node))
      .flatMap((node) => [...node.members])
      .filter((member) => isPublic(member, isType))
      .flatMap((member) => {
        const place = `${name}.${nameOf(member)}`;
        if (ts.isClassElement(member) && (INNER.has(nameOf(member)) || INNER.has(place)))
          return [`${place} is for the house alone: hide it behind a private field.`];
        return [...findOwnTypes(member, checker)]
          .filter((type) => !exported.has(type))
          .map((type) => `${place} names ${type}, which is not exported: hide the one, or export the other.`);
      }),
  );
}

/** The names of the packages' own classes and interfaces that a member names. */
function findOwnTypes(member: ts.Node, checker: ts.TypeChecker): Set<string> {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    const symbol = ts.isTypeReferenceNode(node) ? checker.getSymbolAtLocation(node.typeName) : undefined;
    const target =
      symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(symbol) : symbol;
    for (const each of target?.declarations ?? []) {
      const isOwn = /\/packages\/[^/]+\/dist\//.test(each.getSourceFile().fileName);
      if (isOwn && (ts.isClassDeclaration(each) || ts.isInterfaceDeclaration(each))) found.add(each.name?.text ?? '');
    }
    ts.forEachChild(node, visit);
  };
  visit(member);
  return found;
}
