// Builds dist/ from src/: what the gateway embeds. The same sources give the same bytes.
import {build} from 'esbuild';
import {copyFile, mkdir, readFile, rm, writeFile} from 'node:fs/promises';

const out = process.argv[2] ?? 'dist';
const swagger = 'node_modules/swagger-ui-dist';
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
await writeFile(`${out}/licences.txt`, await licences('dashboard', ['preact', 'uplot', '@fontsource-variable/inter']));

// Swagger UI, as it is published, and the page around it: what the gateway serves at /docs.
await mkdir(`${out}/docs`);
for (const name of ['swagger-ui.css', 'swagger-ui-bundle.js']) await copyFile(`${swagger}/${name}`, `${out}/docs/${name}`);
for (const name of ['index.html', 'start.js']) await writeFile(`${out}/docs/${name}`, await readFile(`src/docs/${name}`));
const notices = await Promise.all(['NOTICE', 'swagger-ui-bundle.js.LICENSE.txt'].map((name) => readFile(`${swagger}/${name}`, 'utf8')));
await writeFile(`${out}/docs/licences.txt`, [await licences('page', ['swagger-ui-dist']), ...notices].join('\n'));

async function licences(what, names) {
  const texts = [`The ${what} contains the following, each under its own licence.\n`];
  for (const name of names) {
    const {version, license} = JSON.parse(await readFile(`node_modules/${name}/package.json`));
    const text = await readFile(`node_modules/${name}/LICENSE`, 'utf8');
    texts.push(`=== ${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return texts.join('\n');
}
