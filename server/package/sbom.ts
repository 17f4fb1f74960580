import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { lockedPackages } from './locked-packages.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What of a CycloneDX document this program looks at. */
export interface Sbom {
  bomFormat: string;
  specVersion: string;
  serialNumber?: string;
  metadata?: { timestamp?: string; component?: { 'bom-ref'?: string }; [more: string]: unknown };
  components?: { 'bom-ref': string; name: string; version: string; purl?: string; [more: string]: unknown }[];
  dependencies?: { ref: string; dependsOn?: string[] }[];
  [more: string]: unknown;
}

/** The bill of materials of a running server (CycloneDX 1.5, JSON) from the lockfile alone: the same lockfile gives the same bytes. */
export function makeSbom(root: string): string {
  // With `--omit dev` npm leaves out what production and development both need, so all is listed and chosen from here.
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const text = execFileSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const sbom = stable(ofProduction(JSON.parse(text) as Sbom, root));
  const [first] = sbomProblems(sbom);
  if (first !== undefined) throw new Error(`npm made a bill of materials that is not right: ${first}`);
  return `${JSON.stringify(sbom, null, 2)}\n`;
}

/** The same document with the packages that the lockfile names for production alone. */
function ofProduction(sbom: Sbom, root: string): Sbom {
  const locked = new Set(lockedPackages(root).map(({ name, version }) => `${name}@${version}`));
  const components = (sbom.components ?? []).filter(({ purl = '' }) => {
    return locked.has(decodeURIComponent(purl.slice('pkg:npm/'.length)));
  });
  const refs = new Set(components.map((one) => one['bom-ref']));
  const own = sbom.metadata?.component?.['bom-ref'];
  const dependencies = (sbom.dependencies ?? [])
    .filter(({ ref }) => ref === own || refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }));
  return { ...sbom, components, dependencies };
}

/** The same document without what differs from one making to the next: its time goes, and its serial number follows from the rest. */
export function stable(sbom: Sbom): Sbom {
  const { serialNumber: _, ...rest } = sbom;
  const { timestamp: __, ...metadata } = sbom.metadata ?? {};
  const sorted = {
    ...rest,
    metadata,
    components: [...(sbom.components ?? [])].sort((a, b) => order(a['bom-ref'], b['bom-ref'])),
    dependencies: [...(sbom.dependencies ?? [])]
      .map((one) => ({ ...one, dependsOn: [...(one.dependsOn ?? [])].sort(order) }))
      .sort((a, b) => order(a.ref, b.ref)),
  };
  const hex = createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
  // A UUID of version 8 (RFC 9562 §5.8): made from the content.
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  const { bomFormat, specVersion, ...more } = sorted;
  return { bomFormat, specVersion, serialNumber: `urn:uuid:${uuid}`, ...more };
}

/** What is wrong with a bill of materials; nothing where it is right. */
export function sbomProblems(sbom: Sbom): readonly string[] {
  const problems: string[] = [];
  if (sbom.bomFormat !== 'CycloneDX' || !/^1\.[5-7]$/.test(sbom.specVersion))
    problems.push('it is no CycloneDX 1.5 to 1.7.');
  const components = sbom.components ?? [];
  if (components.length === 0) problems.push('it names no component.');
  const refs = new Set(components.map((one) => one['bom-ref']));
  if (refs.size !== components.length) problems.push('two components have one reference.');
  const own = sbom.metadata?.component?.['bom-ref'];
  if (own !== undefined) refs.add(own);
  for (const { name, version, purl, hashes } of components) {
    if (!purl?.startsWith('pkg:npm/') || !purl.endsWith(`@${version}`))
      problems.push(`${name} has no right package URL.`);
    if (!Array.isArray(hashes) || hashes.length === 0) problems.push(`${name} has no hash.`);
  }
  for (const { ref, dependsOn = [] } of sbom.dependencies ?? [])
    for (const one of [ref, ...dependsOn]) if (!refs.has(one)) problems.push(`${one} is needed and not listed.`);
  return problems;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist/haidang.cdx.json' } } });
  const file = resolve(values.out);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, makeSbom(ROOT));
  process.stdout.write(`${join(file)}\n`);
}
