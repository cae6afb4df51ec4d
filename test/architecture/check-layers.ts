import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { FREE_NAMES, type Levels, OWNERS } from './levels.ts';
import { type ModuleReference, readImports } from './read-imports.ts';

/** The folder at the top that a file lies in, or the file at the top, and its level. */
interface Place {
  readonly room: string;
  readonly level: number;
}

/**
 * What a package's imports do against the table, a sentence each.
 *
 * @param files the source text by the path under `src`
 */
export function checkLayers(levels: Levels, files: ReadonlyMap<string, string>): readonly string[] {
  const violations: string[] = [];
  let count = 0;
  for (const [path, source] of files) {
    const place = placeOf(levels, path);
    if (place === undefined) {
      violations.push(`${path} has no level: add its folder or file to levels.ts.`);
      continue;
    }
    for (const reference of readImports(path, source)) {
      count++;
      const violation = reference.specifier.startsWith('.')
        ? checkRelative(levels, files, path, place, reference)
        : checkPackage(levels, place, reference);
      if (violation !== undefined)
        violations.push(`${path} (level ${place.level}) imports ${reference.specifier}${violation}`);
    }
  }
  if (count === 0) violations.push('No import was read, so nothing was checked.');
  return violations;
}

function checkRelative(
  levels: Levels,
  files: ReadonlyMap<string, string>,
  path: string,
  from: Place,
  { specifier }: ModuleReference,
): string | undefined {
  const target = posix.join(posix.dirname(path), specifier);
  if (!files.has(target)) return ', which is no file of this package.';
  const to = placeOf(levels, target);
  if (to === undefined || to.level < from.level || isSameFolder(from, to)) return undefined;
  return to.level > from.level ? ` of level ${to.level}, which is above it.` : ' of another folder on its own level.';
}

function checkPackage(levels: Levels, from: Place, { specifier, isType, names }: ModuleReference): string | undefined {
  const name = packageOf(specifier);
  const owners = OWNERS[name];
  if (owners === undefined) return isBuiltin(name) ? undefined : ', which has no owner: add it to levels.ts.';
  if (owners.includes(from.room) || owners.includes('*')) return undefined;
  const [owner = ''] = owners.filter((room) => levelOf(levels, room) !== -1);
  if (isType && from.level > levelOf(levels, owner)) return undefined;
  if (names?.every((each) => FREE_NAMES[name]?.includes(each) === true) === true) return undefined;
  return `, which belongs to ${owner}`;
}

function placeOf(levels: Levels, path: string): Place | undefined {
  const slash = path.indexOf('/');
  const room = slash === -1 ? path : path.slice(0, slash + 1);
  const level = levelOf(levels, room);
  return level === -1 ? undefined : { room, level };
}

function levelOf(levels: Levels, room: string): number {
  return levels.findIndex((rooms) => rooms.includes(room));
}

/** The files at the top lie in one folder, `src`. */
function isSameFolder(one: Place, other: Place): boolean {
  return one.room === other.room || (!one.room.endsWith('/') && !other.room.endsWith('/') && one.level === other.level);
}

/** `node:http` for `http`, `zod` for `zod/mini`, `@scope/name` for anything below it. */
function packageOf(specifier: string): string {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return isBuiltin(name) && !name.startsWith('node:') ? `node:${name}` : name;
}
