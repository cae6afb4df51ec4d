import { join } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build } from 'esbuild';
import { type Plugin, rollup } from 'rollup';

/** Makes one file of an app. @param banner what stands in front of it. @returns its name */
export async function bundleByEsbuild(
  format: 'esm' | 'cjs',
  app: string,
  into: string,
  banner: string = '',
): Promise<string> {
  const file = format === 'esm' ? 'app.mjs' : 'app.cjs';
  await build({
    entryPoints: [join(app, 'app.js')],
    outfile: join(into, file),
    bundle: true,
    platform: 'node',
    format,
    banner: { js: banner },
    logLevel: 'error',
  });
  return file;
}

/** The same by rollup, as an ES module. @param plugins for what is no ES module itself */
export async function bundleByRollup(app: string, into: string, plugins: readonly Plugin[] = []): Promise<string> {
  const bundle = await rollup({
    input: join(app, 'app.js'),
    external: /^node:/,
    plugins: [nodeResolve({ exportConditions: ['node'] }), ...plugins],
    logLevel: 'silent',
  });
  await bundle.write({ file: join(into, 'app.mjs'), format: 'es' });
  return 'app.mjs';
}
