// What people do at the dashboard, one function each: node scenarios.mjs NAME '{"base": …}'.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {accessible, done, fits, open, reached, visible} from './browser.mjs';

const kDark = ['databases', 'databases/main', 'console'];  // every colour there is
const kTabs = ['databases', 'databases/main', 'queries', 'statements', 'events', 'configuration', 'console', 'about'];
const card = (page, id) => page.locator(`[id="card-${id}"]`);
const go = async (page, hash) => {
  await page.evaluate((h) => { location.hash = h; }, `#/${hash}`);
  await page.locator('main h1').waitFor();
};
const dialog = (page) => page.locator('dialog[open]');

const scenarios = {
  async signing_in({base, admin, query}) {
    const {page, close} = await open({base});
    await page.getByLabel('API key').fill('wrong');
    await page.getByRole('button', {name: 'Sign in'}).click();
    await visible(page, 'does not know this key');
    await accessible(page, 'sign in');
    await page.getByLabel('API key').fill(query);
    await page.getByRole('button', {name: 'Sign in'}).click();
    await visible(page, 'This key may not look here');
    await page.getByRole('button', {name: 'Use another key'}).click();
    await page.getByLabel('API key').fill(admin);
    await page.getByRole('button', {name: 'Sign in'}).click();
    await card(page, 'main').waitFor();
    const kept = await page.evaluate(() => [document.cookie, JSON.stringify(localStorage), location.href].join());
    assert.ok(!kept.includes(admin), 'the key is kept where it lasts');
    await page.reload();
    await card(page, 'main').waitFor();
    await page.getByRole('button', {name: 'Sign out'}).click();
    await page.getByLabel('API key').waitFor();
    await close();
  },

  async as_operator({base, operator}) {
    const {page, close} = await open({base});
    await page.getByLabel('API key').fill(operator);
    await page.getByRole('button', {name: 'Sign in'}).click();
    await card(page, 'main').waitFor();
    assert.equal(await page.getByRole('button', {name: 'Connect', exact: true}).count(), 0, 'operators connect nothing');
    await go(page, 'databases/main');
    await page.getByRole('button', {name: 'Pause'}).waitFor();
    assert.equal(await page.getByRole('button', {name: 'Disconnect'}).count(), 0);
    await close();
  },

  async looking_around({base}) {
    for (const scheme of ['light', 'dark']) {
      const {page, close} = await open({base, scheme});
      await card(page, 'main').waitFor();
      for (const tab of scheme === 'dark' ? kDark : kTabs) {
        await go(page, tab);
        await page.waitForTimeout(250);
        await accessible(page, `${tab}, ${scheme}`);
      }
      await close();
    }
    const {page, close} = await open({base, width: 360, height: 740});
    await card(page, 'main').waitFor();
    for (const tab of kTabs) {
      await go(page, tab);
      await page.waitForTimeout(250);
      await fits(page, tab);
    }
    await close();
  },

  async by_keyboard({base}) {
    const {page, close} = await open({base});
    await card(page, 'main').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('nobody');
    await visible(page, 'No database matches');
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', {name: 'Over time'}).waitFor();
    await page.keyboard.press('Escape');
    await card(page, 'main').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('e');
    await page.getByRole('heading', {name: 'Events'}).waitFor();
    await page.keyboard.press('?');
    await dialog(page).getByText('Keyboard').waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({state: 'detached'});
    await close();
  },

  async a_breaker_opens({base}) {
    const {page, close} = await open({base});
    await card(page, 'main').getByText('Closed').waitFor();
    await reached('closed');
    await card(page, 'main').getByText('Open', {exact: true}).waitFor();
    assert.match(await page.locator('.verdict h1').textContent(), /1 of \d databases? needs attention: main: circuit open/);
    await page.locator('.ribbon-track i.is-open').waitFor();
    await page.locator('p[aria-live]').filter({hasText: 'main: Open'}).waitFor({state: 'attached'});
    await reached('open');
    await card(page, 'main').getByText('Closed').waitFor();
    await close();
  },

  async pressing_tiles({base}) {
    const {page, close} = await open({base});
    await card(page, 'main').waitFor();
    const tile = (name) => page.getByRole('button', {name: new RegExp(`^${name}`)});
    assert.equal(await tile('Waiting').getAttribute('aria-pressed'), 'false');
    await tile('Waiting').focus();
    await page.keyboard.press('Enter');
    assert.equal(await tile('Waiting').getAttribute('aria-pressed'), 'true');
    await visible(page, 'Only where calls wait: 0 of 2.');
    await card(page, 'main').waitFor({state: 'detached'});
    await accessible(page, 'a pressed tile');
    await tile('Slowest p99').click();
    await visible(page, 'Only the slowest');
    await card(page, 'main').waitFor();
    await page.keyboard.press('Space');
    await card(page, 'second').waitFor();
    assert.equal(await page.locator('.only').count(), 0);
    await close();
  },

  async causing_chaos({base}) {
    const {page, close} = await open({base, hash: '#/databases/shop_eu'});
    const cause = async (what) => {
      await page.getByRole('button', {name: 'Chaos'}).click();
      await dialog(page).getByText(what, {exact: true}).click();
      await dialog(page).getByRole('button', {name: 'Do it'}).click();
      await dialog(page).waitFor({state: 'detached'});
    };
    const state = (word) => page.locator('.detail-head .state').filter({hasText: word}).waitFor({timeout: 60_000});
    await state('Closed');
    await cause('Kill');
    await state(/^Open/);
    await page.locator('.ribbon-row').filter({hasText: 'shop_eu'}).getByRole('img', {name: /chaos: kill/}).waitFor();
    assert.ok(await page.locator('.ribbon-row .tick').count() > 0, 'the ribbon has ticks');
    await go(page, 'databases');
    await card(page, 'shop_us').getByText(/Closed|Idle/).waitFor();
    await go(page, 'databases/shop_eu');
    await cause('Recover');
    await state('Closed');
    await close();
  },

  async trying_the_api({base, admin}) {
    const {page, close} = await open({base, path: '/docs'});
    await page.getByRole('button', {name: 'Authorize'}).click();
    await page.locator('#auth-bearer-value').fill(admin);
    await page.locator('.auth-btn-wrapper').getByRole('button', {name: 'Apply credentials'}).click();
    await page.locator('.auth-btn-wrapper').getByRole('button', {name: 'Close'}).click();
    const query = page.locator('#operations-Queries-query');
    await query.locator('.opblock-summary-control').click();
    await query.getByPlaceholder('db_id').fill('main');
    await query.locator('textarea').fill('{"sql": "SELECT 6 * 7 AS answer"}');
    await query.getByRole('button', {name: 'Execute'}).click();
    await query.locator('.live-responses-table').getByText('"answer"').first().waitFor();
    assert.equal((await query.locator('.live-responses-table .response-col_status').last().textContent()).trim().slice(0, 3), '200');
    await close();
  },

  async overriding_a_breaker({base}) {
    const {page, close} = await open({base, hash: '#/databases/main'});
    await page.getByRole('button', {name: 'Breaker'}).click();
    await dialog(page).getByText('Forced open').click();
    await dialog(page).getByRole('button', {name: 'Apply'}).click();
    assert.ok(await dialog(page).isVisible(), 'a reason is asked for');
    await dialog(page).getByLabel('Reason').fill('moving disks');
    await accessible(page, 'dialog');
    await dialog(page).getByRole('button', {name: 'Apply'}).click();
    await visible(page, 'The circuit of main is forced open.');
    await page.locator('.why-panel').getByText('moving disks').waitFor();
    await go(page, 'events');
    await page.locator('.events').getByText('moving disks').first().waitFor();
    await go(page, 'databases/main');
    await page.getByRole('button', {name: 'end override'}).click();
    await dialog(page).getByLabel('Reason').fill('done');
    await dialog(page).getByRole('button', {name: 'Apply'}).click();
    await page.locator('.detail-head').getByText(/Closed|Idle/).waitFor();
    await close();
  },

  async cancelling_a_query({base}) {
    const {page, close} = await open({base, hash: '#/queries'});
    await visible(page, 'Nothing is running');
    await reached('watching');
    await page.locator('table').getByText('pg_sleep').waitFor();
    await page.getByRole('button', {name: /^Cancel query/}).click();
    await dialog(page).getByRole('button', {name: 'Cancel the query'}).click();
    await visible(page, /asked to stop/);
    await visible(page, 'Nothing is running');
    await close();
  },

  async using_the_console({base}) {
    const {page, close} = await open({base, hash: '#/console'});
    await page.getByLabel('SQL').fill("SELECT 12345678901234567890::numeric AS big, NULL AS nothing, '=1+1' AS formula, '{\"a\":[1]}'::jsonb AS doc");
    await page.getByRole('button', {name: /^Run read-only/}).click();
    const cells = page.locator('table.data td');
    await cells.first().waitFor();
    assert.deepEqual(await cells.allTextContents(), ['12345678901234567890', 'NULL', '=1+1', '{"a":[1]}']);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', {name: 'CSV', exact: true}).click()]);
    assert.equal(readFileSync(await file.path(), 'utf8'), "big,nothing,formula,doc\r\n12345678901234567890,,\"'=1+1\",\"{\"\"a\"\":[1]}\"\r\n");
    await page.getByLabel('SQL').fill('SELECT nonsense');
    await page.keyboard.press('Control+Enter');
    await visible(page, 'column "nonsense" does not exist');
    await visible(page, 'SQLSTATE 42703');
    await page.getByLabel('SQL').fill('CREATE TABLE written (id int)');
    await page.keyboard.press('Control+Enter');
    await visible(page, 'SQLSTATE 25006');
    await page.getByLabel('Allow writes').check();
    await page.getByRole('button', {name: /^Run, may write/}).click();
    await visible(page, 'CREATE TABLE');
    await page.getByRole('button', {name: 'All', exact: true}).click();
    await page.getByLabel('SQL').fill('SELECT $1::int + 1 AS answer');
    await page.getByLabel('Parameters').fill('[41]');
    await page.keyboard.press('Tab');
    await page.getByRole('button', {name: /^Run/}).click();
    await visible(page, '2 of 2 databases answered');
    assert.deepEqual(await cells.allTextContents(), ['42', '42']);
    await close();
  },

  async the_first_database({base, target}) {
    const {page, close} = await open({base});
    await visible(page, 'Connect the first one');
    await accessible(page, 'no databases');
    await page.getByRole('button', {name: 'Connect a database'}).click();
    for (const [label, value] of [['Host', target.host], ['Port', String(target.port)], ['Database', target.database], ['User', target.user], ['Id here', 'first']]) {
      await dialog(page).getByLabel(label).fill(value);
    }
    await dialog(page).getByLabel('Password').fill('wrong');
    await dialog(page).getByRole('button', {name: 'Try and connect'}).click();
    await dialog(page).getByText('password authentication failed').first().waitFor();
    await dialog(page).getByLabel('Password').fill(target.password);
    await dialog(page).getByRole('button', {name: 'Try and connect'}).click();
    await card(page, 'first').getByText('Never called yet').waitFor();
    await go(page, 'databases/first');
    await visible(page, 'No calls yet');
    await page.getByRole('button', {name: 'Limits'}).click();
    await dialog(page).getByLabel('Connections at most').fill('7');
    await dialog(page).getByRole('button', {name: 'Apply'}).click();
    await visible(page, 'first may have 7 connections.');
    await page.getByRole('button', {name: 'Disconnect'}).click();
    assert.ok(await dialog(page).getByRole('button', {name: 'Disconnect'}).isDisabled());
    await dialog(page).getByLabel('Type first to confirm').fill('first');
    await dialog(page).getByRole('button', {name: 'Disconnect'}).click();
    await visible(page, 'Connect the first one');
    await close();
  },

  async when_the_gateway_is_silent({base}) {
    const {page, close} = await open({base});
    await card(page, 'main').waitFor();
    await reached('live');
    await visible(page, /The gateway does not answer\. What is shown is/);
    await page.locator('main.stale').waitFor();
    await reached('stale');
    await page.locator('.live.live').waitFor();
    await page.locator('main:not(.stale)').waitFor();
    await reached('live again');
    await visible(page, 'The gateway is shutting down');
    await close();
  },
};

const [name, given] = process.argv.slice(2);
await scenarios[name](JSON.parse(given));
done();
