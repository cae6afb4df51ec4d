import { type Argument, type CallExpression, type Expression, parseSync, Visitor } from 'oxc-parser';

/** One way in which a file names another module. */
export interface ModuleReference {
  readonly specifier: string;
  /** Whether nothing is left of it at run time. */
  readonly isType: boolean;
  /** What is taken by name; `undefined` where it is the whole module. */
  readonly names: readonly string[] | undefined;
}

/**
 * Everything a TypeScript file imports: by `import` and `export … from`, as types or values, by `import()` in code and
 * in types, by `import x = require()`, by a `require` made by `createRequire`, and by `process.getBuiltinModule`.
 *
 * @throws {Error} when the file cannot be parsed, or imports something that only its run can tell
 */
export function readImports(path: string, source: string): readonly ModuleReference[] {
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0)
    throw new Error(`${path} cannot be parsed: ${errors.map(({ message }) => message).join('; ')}`);

  const references: ModuleReference[] = [];
  const add = (argument: Expression | Argument | undefined, isType: boolean, names?: readonly string[]): void => {
    if (argument?.type !== 'Literal' || typeof argument.value !== 'string') {
      throw new Error(`${path} imports something whose name is not written out, so its level cannot be told.`);
    }
    references.push({ specifier: argument.value, isType, names });
  };
  const requires = new RequireCalls();

  new Visitor({
    ImportDeclaration({ source: from, importKind, specifiers }) {
      const named = specifiers.filter((each) => each.type === 'ImportSpecifier');
      const isNamed = specifiers.length > 0 && named.length === specifiers.length;
      const isType = importKind === 'type' || (isNamed && named.every((each) => each.importKind === 'type'));
      add(
        from,
        isType,
        isNamed ? named.map(({ imported }) => ('name' in imported ? imported.name : imported.value)) : undefined,
      );
    },
    ExportNamedDeclaration({ source: from, exportKind, specifiers }) {
      if (from !== null)
        add(
          from,
          exportKind === 'type' || (specifiers.length > 0 && specifiers.every((each) => each.exportKind === 'type')),
        );
    },
    ExportAllDeclaration: ({ source: from, exportKind }) => add(from, exportKind === 'type'),
    ImportExpression: ({ source: from }) => add(from, false),
    TSImportType: ({ source: from }) => add(from, true),
    TSExternalModuleReference: ({ expression }) => add(expression, false),
    VariableDeclarator: (declarator) => requires.noteVariable(declarator),
    CallExpression(call) {
      requires.noteCall(call);
      if (isMember(call.callee, 'getBuiltinModule')) add(call.arguments[0], false);
    },
  }).visit(program);

  for (const call of requires.found(path)) add(call.arguments[0], false);
  return references;
}

/** The calls that load a module by `require`. */
class RequireCalls {
  readonly #names = new Set(['require']);
  readonly #calls: CallExpression[] = [];
  /** The calls of `createRequire` whose result is called or kept under a name. */
  readonly #followed = new Set<unknown>();

  noteVariable({
    id,
    init,
  }: {
    readonly id: { readonly type: string; readonly name?: string };
    readonly init: Expression | null;
  }): void {
    if (id.type !== 'Identifier' || id.name === undefined || !isCreateRequire(init)) return;
    this.#names.add(id.name);
    this.#followed.add(init);
  }

  noteCall(call: CallExpression): void {
    this.#calls.push(call);
    if (isCreateRequire(call.callee)) this.#followed.add(call.callee);
  }

  /** @throws {Error} when a `require` is handed on, so that its calls cannot be found */
  found(path: string): readonly CallExpression[] {
    if (this.#calls.some((call) => isCreateRequire(call) && !this.#followed.has(call))) {
      throw new Error(`${path} hands on what createRequire gives; call it at once, or keep it as a variable.`);
    }
    return this.#calls.filter(
      ({ callee }) => isCreateRequire(callee) || (callee.type === 'Identifier' && this.#names.has(callee.name)),
    );
  }
}

function isCreateRequire(node: Expression | null): boolean {
  if (node?.type !== 'CallExpression') return false;
  const { callee } = node;
  if (callee.type === 'Identifier') return callee.name === 'createRequire';
  return isMember(callee, 'createRequire');
}

function isMember(node: Expression, name: string): boolean {
  return node.type === 'MemberExpression' && node.property.type === 'Identifier' && node.property.name === name;
}
