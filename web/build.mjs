// Builds dist/ from src/: what the gateway embeds. The same sources give the same bytes.
import {build} from 'esbuild';
import {mkdir, readFile, rm, writeFile} from 'node:fs/promises';

const out = process.argv[2] ?? 'dist';
const font = 'node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2';

await rm(out, {recursive: true, force: true});
await mkdir(out, {recursive: true});
await build({
  entryPoints: {dashboard: 'src/main.jsx'},
  outdir: out,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2020',
  charset: 'utf8',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',  // licences.txt has them
});
await build({
  entryPoints: {dashboard: 'src/style/all.css'},
  outdir: out,
  bundle: true,
  minify: true,
  target: 'es2020',
  external: ['/admin/*'],
  legalComments: 'none',
});
await writeFile(`${out}/index.html`, await readFile('src/index.html'));
await writeFile(`${out}/inter.woff2`, await readFile(font));
await writeFile(`${out}/licences.txt`, await licences(['preact', 'uplot', '@fontsource-variable/inter']));

async function licences(names) {
  const texts = ['The dashboard contains the following, each under its own licence.\n'];
  for (const name of names) {
    const {version, license} = JSON.parse(await readFile(`node_modules/${name}/package.json`));
    const text = await readFile(`node_modules/${name}/LICENSE`, 'utf8');
    texts.push(`=== ${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return texts.join('\n');
}
