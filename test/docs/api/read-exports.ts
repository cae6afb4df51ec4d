import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript59';
import { REPOSITORY } from '../markdown-page.ts';

/** A name that an entry of a package exports. */
export interface ExportedName {
  readonly name: string;
  /** Whether it can be used as a type only, so that nobody outside can make one. */
  readonly isType: boolean;
  /** As the compiler wrote them to the declaration files. */
  readonly declarations: readonly ts.Declaration[];
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

const PACKAGES = join(REPOSITORY, 'packages');

export interface Exports {
  /** By the name that is imported: `portlight`, `portlight/testing`. */
  readonly entries: ReadonlyMap<string, readonly ExportedName[]>;
  /** Knows what the names in the declarations stand for. */
  readonly checker: ts.TypeChecker;
}

/**
 * What the packages export. Read from the declaration files, so build first; by TypeScript 5.9, as 7 has no API yet.
 */
export function readExports(): Exports {
  const files = readdirSync(PACKAGES).flatMap(readEntries);
  const program = ts.createProgram(
    files.map(({ file }) => file),
    { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, noLib: true, types: [] },
  );
  const checker = program.getTypeChecker();
  const entries = files.map(({ entry, file }) => {
    const source = program.getSourceFile(file);
    const symbol = source && checker.getSymbolAtLocation(source);
    if (symbol === undefined) throw new Error(`${file} is missing: build first.`);
    return [entry, checker.getExportsOfModule(symbol).map((each) => toExportedName(checker, each))] as const;
  });
  return { entries: new Map(entries), checker };
}

function readEntries(folder: string): readonly { readonly entry: string; readonly file: string }[] {
  const manifest = JSON.parse(readFileSync(join(PACKAGES, folder, 'package.json'), 'utf8')) as Manifest;
  return Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === 'string'
      ? []
      : [{ entry: manifest.name + path.slice(1), file: join(PACKAGES, folder, target.types) }],
  );
}

function toExportedName(checker: ts.TypeChecker, symbol: ts.Symbol): ExportedName {
  const specifier = symbol.declarations?.find(ts.isExportSpecifier);
  const target = specifier === undefined ? symbol : checker.getAliasedSymbol(symbol);
  return {
    name: symbol.name,
    isType: specifier !== undefined && ts.isTypeOnlyExportDeclaration(specifier),
    declarations: target.declarations ?? [],
  };
}
