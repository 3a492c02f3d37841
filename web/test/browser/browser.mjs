// A browser at a gateway's dashboard, held to what is always true: no error and no violated policy in the
// console, nothing fetched from elsewhere.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import readline from 'node:readline';
import {chromium} from 'playwright-core';

const kAxe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const kPatience = 15_000;

export async function open({base, width = 1280, height = 900, scheme = 'light', path = '/admin', hash = ''}) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  const page = await browser.newPage({viewport: {width, height}, colorScheme: scheme, reducedMotion: 'reduce'});
  page.setDefaultTimeout(kPatience);
  const trouble = [];
  page.on('console', (message) => {
    // What the gateway refuses on purpose is logged by the browser as a failed resource.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) trouble.push(message.text());
  });
  page.on('pageerror', (error) => trouble.push(String(error.stack ?? error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !/^(data|blob):/.test(request.url())) trouble.push(`went to ${request.url()}`);
  });
  await page.goto(`${base}${path}${hash}`);
  return {
    page,
    async close() {
      await browser.close();
      assert.deepEqual(trouble, []);
    },
  };
}

/** No serious violation of the rules for accessible pages. */
export async function accessible(page, where) {
  await page.evaluate(kAxe);  // not through a script element: the policy would refuse that, and should
  const {violations} = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  const grave = violations.filter((v) => ['serious', 'critical'].includes(v.impact))
    .map((v) => `${v.id}: ${v.nodes.slice(0, 4).map((n) => `${n.target} ${n.any[0]?.message ?? ''}`).join('; ')}`);
  assert.deepEqual(grave, [], where);
}

export async function fits(page, where) {
  const [needed, there] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(needed <= there, `${where} needs ${needed} of ${there} pixels`);
}

export const visible = (page, text) => page.getByText(text).first().waitFor();

const lines = readline.createInterface({input: process.stdin});
const answers = lines[Symbol.asyncIterator]();
/** Tells the test that started this how far it is, and waits until that has done its part. */
export async function reached(what) {
  console.log(`reached ${what}`);
  await answers.next();
}
export const done = () => lines.close();
