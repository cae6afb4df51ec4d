import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { PackageURL } from 'packageurl-js';

/**
 * Writes beside the code what else is in it: the licences of what is inlined, and a bill of materials (CycloneDX) that
 * scanners read.
 */
export function listInlined(own) {
  return {
    name: 'list-inlined',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) =>
        chunk.type === 'chunk' ? Object.entries(chunk.modules) : [],
      );
      const paths = modules
        .filter(([id, { renderedLength }]) => renderedLength > 0 && !id.startsWith('\0'))
        .map(([id]) => id);
      const inlined = findPackages(paths).filter(({ name }) => name !== own.name);
      this.emitFile({
        type: 'asset',
        fileName: 'THIRD-PARTY-LICENSES.txt',
        source: inlined.map(formatLicences).join(`${'-'.repeat(80)}\n\n`),
      });
      this.emitFile({ type: 'asset', fileName: `${own.name}.cdx.json`, source: formatBom(own, inlined) });
    },
  };
}

/**
 * The packages that the files are of, in the order of their names, with the text of each licence that holds for one of
 * the files.
 */
function findPackages(paths) {
  const packages = new Map();
  for (const path of paths) {
    const folders = [dirname(path)];
    while (!isPackage(folders[0])) folders.unshift(dirname(folders[0]));
    const { name, version, license } = readManifest(folders[0]);
    const { licences } =
      packages.get(folders[0]) ??
      packages.set(folders[0], { name, version, license, licences: new Set() }).get(folders[0]);
    for (const text of folders.flatMap(readLicences)) licences.add(text);
    if (licences.size === 0) throw new Error(`${name} has no file with its licence.`);
  }
  return [...packages.values()].toSorted((one, other) => one.name.localeCompare(other.name, 'en'));
}

/** A folder with a package.json may also be a mere part, such as the ES modules of a package that has both kinds. */
function isPackage(folder) {
  return existsSync(join(folder, 'package.json')) && readManifest(folder).version !== undefined;
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function readLicences(folder) {
  return readdirSync(folder)
    .filter((file) => /^licen[cs]e/i.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
}

function formatLicences({ name, version, license, licences }) {
  return `${name} ${version} (${license})\n\n${[...licences].join('\n\n')}\n\n`;
}

/** Without a time or a number of its own: the same code gives the same file. */
function formatBom(own, inlined) {
  const component = toComponent(own);
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component }) });
  for (const part of inlined.map(toComponent)) {
    bom.components.add(part);
    component.dependencies.add(part.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { space: 2, sortLists: true })}\n`;
}

function toComponent({ name, version, license }) {
  const [group, base] = name.startsWith('@') ? name.split('/') : [undefined, name];
  const purl = new PackageURL('npm', group, base, version).toString();
  const component = new Models.Component(Enums.ComponentType.Library, base, { group, version, purl, bomRef: purl });
  component.licenses.add(new Models.SpdxLicense(license));
  return component;
}
