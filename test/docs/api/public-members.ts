import ts from 'typescript59';
import { sentenceOf, signatureText, typeText } from './signature-text.ts';

type MemberNode = ts.ClassElement | ts.TypeElement;

/** A member of a class or interface: its signatures, and the sentence that explains it. */
export interface PublicMember {
  readonly name: string;
  readonly signatures: readonly string[];
  readonly comment: string;
}

/**
 * The members that an app can use. Overloads are one; a method that has the overloads of an earlier one refers to it.
 *
 * @param isType whether nobody outside can make one: then its constructor and static members are not shown
 */
export function publicMembers(
  node: ts.ClassDeclaration | ts.InterfaceDeclaration,
  isType: boolean,
): readonly PublicMember[] {
  const seen = new Map<string, string>();
  return groupOverloads([...node.members].filter((member) => isPublic(member, isType))).map((group) => {
    const name = nameOf(group[0] as MemberNode);
    const forms = group.map(formOf);
    const earlier = group.length > 1 ? seen.get(forms.join()) : undefined;
    seen.set(forms.join(), earlier ?? name);
    return {
      name,
      signatures: earlier === undefined ? toSignatures(group, name, forms) : [`${name}: this['${earlier}'];`],
      comment: group.map(sentenceOf).find((sentence) => sentence !== '') ?? '',
    };
  });
}

/** @param isType as of {@link publicMembers} */
export function isPublic(member: MemberNode, isType: boolean): boolean {
  if (member.name !== undefined && ts.isPrivateIdentifier(member.name)) return false;
  if (has(member, ts.ModifierFlags.Private) || has(member, ts.ModifierFlags.Protected)) return false;
  return !isType || !(ts.isConstructorDeclaration(member) || has(member, ts.ModifierFlags.Static));
}

function groupOverloads(members: readonly MemberNode[]): readonly (readonly MemberNode[])[] {
  const groups = new Map<string, MemberNode[]>();
  for (const member of members) {
    const key = `${has(member, ts.ModifierFlags.Static)} ${nameOf(member)}`;
    groups.set(key, [...(groups.get(key) ?? []), member]);
  }
  return [...groups.values()];
}

function toSignatures(group: readonly MemberNode[], name: string, forms: readonly string[]): readonly string[] {
  const [first] = group as readonly [MemberNode];
  const [read = '', write] = forms;
  if (ts.isGetAccessor(first)) {
    if (write !== undefined && write !== read) return [`get ${name}()${read};`, `set ${name}(value${write});`];
    return [`${write === undefined ? 'readonly ' : ''}${name}${read};`];
  }
  const isStatic = has(first, ts.ModifierFlags.Static) ? 'static ' : '';
  const isReadonly = has(first, ts.ModifierFlags.Readonly) ? 'readonly ' : '';
  return forms.map((form) => `${isStatic}${isReadonly}${name}${form};`);
}

/** What follows the name of a member: question mark, parameters, type. */
function formOf(member: MemberNode): string {
  if (ts.isGetAccessor(member)) return typeText(member.type);
  if (ts.isSetAccessor(member)) return typeText(member.parameters[0]?.type);
  const isOptional = 'questionToken' in member && member.questionToken !== undefined;
  if (!ts.isPropertyDeclaration(member) && !ts.isPropertySignature(member))
    return `${isOptional ? '?' : ''}${signatureText(member as ts.MethodSignature)}`;
  const type = typeText(member.type);
  return isOptional ? `?${type.replace(/ \| undefined$/, '').replace(/^: \((\(.*\) => .*)\)$/, ': $1')}` : type;
}

export function nameOf(member: MemberNode): string {
  return ts.isConstructorDeclaration(member) ? 'constructor' : (member.name?.getText() ?? '');
}

function has(member: ts.Declaration, flag: ts.ModifierFlags): boolean {
  return (ts.getCombinedModifierFlags(member) & flag) !== 0;
}
