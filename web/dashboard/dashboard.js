// The dashboard: asks /metrics, /health and /readyz once a second and shows what they say. No
// framework, no state on the server; everything from a database reaches the page as text only.
'use strict';

const kEvery = 1000;
const kPatience = 5000;    // for one answer
const kStaleAfter = 3000;  // the data's age at which we say so
const kDimAfter = 5000;
const kBusy = 90;          // percent of the pool in use
const kErrorsBad = 0.05;
const kErrorsFew = 5;      // fewer are somebody trying things
const kLearnEvery = 10000; // targets and labels
const kIdleAfter = 60;     // seconds without a query
const kKey = 'sluice-api-key';

const at = (id) => document.getElementById(id);
const view = {cards: new Map(), states: new Map(), order: ''};
const link = {last: 0, failures: 0, timer: 0, skew: 0, draining: false, signedOut: false, databases: new Map(), learned: 0};

// ---- words ----------------------------------------------------------------------------------------

const kBreakers = {
  closed: {word: 'closed', level: 'ok', rank: 5, shape: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z'},
  half_open: {word: 'half-open', level: 'warn', rank: 2, shape: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2v10a5 5 0 0 1 0-10z'},
  open: {word: 'OPEN', level: 'bad', rank: 0, shape: 'M8 0l8 8-8 8-8-8z'},
  forced_open: {word: 'FORCED OPEN', level: 'bad', rank: 1, shape: 'M1 1h14v14H1zm3 6v2h8V7z'},
  forced_closed: {word: 'forced closed', level: 'warn', rank: 4, shape: 'M1 1h14v14H1zm2 2v10h10V3z'},
  observe_only: {word: 'observe only', level: 'warn', rank: 4, shape: 'M8 2l7 12H1z'},
};
const kUnknownBreaker = {word: 'unknown', level: 'calm', rank: 4, shape: 'M1 7h14v2H1z'};

const number = (value) => (Number.isFinite(value) ? value : 0);
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const plural = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

function duration(seconds) {
  if (seconds < 1) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds % 86400 / 3600)} h`;
}

function milliseconds(value) {
  if (!(value > 0)) return '–';
  if (value < 1) return `${value.toFixed(2)} ms`;
  if (value < 100) return `${value.toFixed(1)} ms`;
  if (value < 1000) return `${value.toFixed(0)} ms`;
  return `${(value / 1000).toFixed(1)} s`;
}

function rate(value) {
  if (value >= 10000) return `${(value / 1000).toFixed(0)} k`;
  if (value >= 1000) return `${(value / 1000).toFixed(1)} k`;
  return value >= 10 || value === 0 ? value.toFixed(0) : value.toFixed(1);
}

const percent = (share) => `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
// `time` is the gateway's, so it is held against the gateway's clock, not this computer's.
const secondsSince = (time) => (time ? Math.max(0, (Date.now() - link.skew - Date.parse(time)) / 1000) : NaN);

// ---- what a database's figures mean ------------------------------------------------------------------

function judge(pool, health) {
  const breaker = kBreakers[pool.breaker?.state] ?? kUnknownBreaker;
  const quiet = secondsSince(pool.last_used);
  const failing = number(pool.error_rate) >= kErrorsBad && number(pool.errors) >= kErrorsFew;
  const full = number(pool.utilization) >= kBusy && number(pool.waiting) > 0;
  const state = pool.state && pool.state !== 'active' ? pool.state : '';
  let {level, rank} = breaker;
  let problem = rank < 5 ? `circuit ${breaker.word.toLowerCase()}` : '';
  if (rank === 5) {
    if (health && health.status && health.status !== 'healthy') [level, rank, problem] = ['bad', 2, 'not reachable'];
    else if (full) [level, rank, problem] = ['warn', 3, `${plural(pool.waiting, 'request')} waiting for a connection`];
    else if (failing) [level, rank, problem] = ['warn', 3, `${percent(pool.error_rate)} of queries fail`];
    else if (state) [level, rank, problem] = ['warn', 4, state];
    else if (Number.isNaN(quiet)) [level, rank] = ['calm', 7];
    else if (quiet > kIdleAfter) [level, rank] = ['calm', 6];
  }
  return {breaker, level, rank, problem, quiet, failing, state, traffic: rank < 6};
}

function activity(verdict) {
  if (Number.isNaN(verdict.quiet)) return 'Never called yet';
  if (verdict.quiet > kIdleAfter) return `Idle for ${duration(verdict.quiet)}; the figures are from then`;
  return verdict.quiet < 2 ? 'Last query just now' : `Last query ${duration(verdict.quiet)} ago`;
}

function refusals(pool) {
  const entries = Object.entries(pool.refused ?? {}).filter(([, count]) => count > 0);
  if (!entries.length) return '';
  return `Refused since start: ${entries.map(([code, count]) => `${count} ${code.replaceAll('_', ' ')}`).join(', ')}`;
}

// ---- drawing ----------------------------------------------------------------------------------------

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function newCard(id) {
  const card = at('card').content.firstElementChild.cloneNode(true);
  card.querySelector('h2').textContent = id;
  return card;
}

function drawLabels(list, labels) {
  const texts = Object.entries(labels ?? {}).map(([name, value]) => `${name}: ${value}`);
  if (list.dataset.shown === texts.join('\n')) return;
  list.dataset.shown = texts.join('\n');
  list.replaceChildren(...texts.map((text) => {
    const item = document.createElement('li');
    item.textContent = text;
    return item;
  }));
}

function drawBar(card, pool) {
  const size = Math.max(1, number(pool.max_size) + number(pool.overflow_connections));
  const used = number(pool.used_connections);
  const idle = number(pool.free_connections);
  const opening = Math.max(0, number(pool.pool_size) - used - idle);
  const width = (count) => `${Math.min(100, 100 * count / size)}%`;
  card.querySelector('.bar .used').style.width = width(used);
  card.querySelector('.bar .opening').style.width = width(opening);
  card.querySelector('.bar .idle').style.width = width(idle);
  const text = `${used} used · ${idle} idle${opening ? ` · ${opening} opening` : ''} / ${number(pool.max_size)} max`;
  const bar = card.querySelector('.bar');
  if (bar.getAttribute('aria-label') !== text) bar.setAttribute('aria-label', text);
  return text;
}

function drawCard(card, pool, verdict) {
  const extra = link.databases.get(pool.db_id) ?? {};
  const values = {
    state: `circuit ${verdict.breaker.word}${verdict.state ? `, ${verdict.state}` : ''}`,
    since: since(pool.breaker),
    target: extra.target ?? '',
    explanation: reason(pool, verdict),
    connections: drawBar(card, pool),
    waiting: `${number(pool.waiting)} waiting`,
    rate: rate(number(pool.queries_per_second)),
    errors: percent(number(pool.error_rate)),
    p50: milliseconds(pool.query_ms?.p50),
    p95: milliseconds(pool.query_ms?.p95),
    p99: milliseconds(pool.query_ms?.p99),
    activity: activity(verdict),
    refused: refusals(pool),
  };
  for (const [name, text] of Object.entries(values)) setText(card.querySelector(`[data-value="${name}"]`), text);
  card.querySelector('path').setAttribute('d', verdict.breaker.shape);
  card.querySelector('[data-value="waiting"]').classList.toggle('some', pool.waiting > 0);
  card.querySelector('[data-value="errors"]').classList.toggle('bad', verdict.failing);
  card.dataset.level = verdict.level;
  card.dataset.traffic = verdict.traffic ? 'some' : 'none';
  drawLabels(card.querySelector('.labels'), extra.labels);
}

// Trouble that the breaker does not speak of comes first.
function reason(pool, verdict) {
  const explanation = pool.breaker?.explanation ?? '';
  if (!verdict.problem || verdict.breaker.rank < 5) return sentence(explanation);
  return `${sentence(verdict.problem)}. Circuit: ${explanation}`;
}

function since(breaker) {
  const seconds = secondsSince(breaker?.since);
  return Number.isNaN(seconds) || seconds < 1 ? '' : `for ${duration(seconds)}`;
}

function drawCards(judged) {
  const ids = judged.map(({pool}) => pool.db_id);
  for (const [id, card] of view.cards) {
    if (!ids.includes(id)) { card.remove(); view.cards.delete(id); }
  }
  for (const {pool, verdict} of judged) {
    if (!view.cards.has(pool.db_id)) view.cards.set(pool.db_id, newCard(pool.db_id));
    drawCard(view.cards.get(pool.db_id), pool, verdict);
  }
  if (view.order !== ids.join('\n')) at('databases').append(...ids.map((id) => view.cards.get(id)));
  view.order = ids.join('\n');
}

function drawVerdict(judged, health) {
  const troubled = judged.filter(({verdict}) => verdict.problem);
  const first = troubled[0];
  let level = first ? (first.verdict.level === 'bad' ? 'bad' : 'warn') : 'ok';
  let text = judged.length === 1 ? 'The database is healthy' : `All ${judged.length} databases are healthy`;
  if (first) {
    const rest = troubled.length > 1 ? `, and ${troubled.length - 1} more` : '';
    const verb = troubled.length === 1 ? 'needs' : 'need';
    text = `${troubled.length} of ${plural(judged.length, 'database')} ${verb} attention: ` +
        `${first.pool.db_id} (${first.verdict.problem})${rest}`;
  } else if (health && health.status && health.status !== 'healthy') {
    [level, text] = ['warn', `The gateway calls itself ${health.status}`];
  }
  if (!judged.length) [level, text] = ['unknown', 'The gateway is ready and has no database yet'];
  if (link.draining) [level, text] = ['warn', 'The gateway is shutting down: it finishes what runs and takes nothing new'];
  at('verdict').dataset.level = level;
  setText(at('verdict-text'), text);
  document.title = first ? `(${troubled.length}) Sluice` : 'Sluice';
}

function drawTotals(judged) {
  const sum = (field) => judged.reduce((total, {pool}) => total + number(pool[field]), 0);
  at('totals').hidden = judged.length === 0;
  setText(at('totals'), `${rate(sum('queries_per_second'))} queries/s · ${sum('used_connections')} of ` +
      `${plural(sum('max_size'), 'connection')} in use · ${sum('waiting')} waiting`);
}

// Says transitions of breakers, and nothing else: figures that change each second are not news.
function announce(judged) {
  const news = [];
  for (const {pool, verdict} of judged) {
    const before = view.states.get(pool.db_id);
    if (before !== undefined && before !== verdict.breaker.word) news.push(`${pool.db_id}: circuit ${verdict.breaker.word.toLowerCase()}`);
    view.states.set(pool.db_id, verdict.breaker.word);
  }
  if (news.length) at('announcer').textContent = news.join('. ');
}

function draw(metrics, health) {
  const byId = new Map(Object.entries(health?.databases ?? {}).map(([key, value]) => [value.db_id ?? key, value]));
  const judged = (metrics.pools ?? []).map((pool) => ({pool, verdict: judge(pool, byId.get(pool.db_id))}));
  judged.sort((a, b) => a.verdict.rank - b.verdict.rank || a.pool.db_id.localeCompare(b.pool.db_id));
  at('empty').hidden = judged.length > 0;
  at('login').hidden = true;
  drawVerdict(judged, health);
  drawTotals(judged);
  drawCards(judged);
  announce(judged);
}

// How fresh the page is; also called while no answer comes.
function drawLink() {
  const age = link.last ? Date.now() - link.last : 0;
  const stale = link.failures > 0 || age > kStaleAfter;
  const state = link.signedOut ? ['signed-out', 'signed out']
      : stale ? ['stale', link.last ? `reconnecting, data ${duration(age / 1000)} old` : 'reconnecting']
      : link.draining ? ['draining', 'draining']
      : link.last ? ['live', 'live'] : ['connecting', 'connecting'];
  at('link-state').dataset.state = state[0];
  setText(at('link-state').querySelector('b'), state[1]);
  at('databases').classList.toggle('stale', stale && age > kDimAfter);
  const lost = stale && !link.signedOut && link.failures > 1;
  at('notice').hidden = !lost;
  if (lost) setText(at('notice-text'), lostText());
}

function lostText() {
  if (link.draining) return 'The gateway has shut down. This page comes back to life when it is started again.';
  if (link.last) return 'The gateway does not answer. The figures below are the last ones it gave; this page keeps asking.';
  return 'The gateway does not answer. This page keeps asking.';
}

// ---- asking -----------------------------------------------------------------------------------------

async function ask(path) {
  const headers = {Accept: 'application/json'};
  const key = sessionStorage.getItem(kKey);
  if (key) headers.Authorization = `Bearer ${key}`;
  const response = await fetch(path, {headers, cache: 'no-store', signal: AbortSignal.timeout(kPatience)});
  const clock = Date.parse(response.headers.get('Date'));
  if (Number.isFinite(clock)) link.skew = Math.abs(Date.now() - clock) > 3000 ? Date.now() - clock : 0;
  return {status: response.status, body: await response.json().catch(() => ({}))};
}

function showLogin(status) {
  const tried = sessionStorage.getItem(kKey) !== null;
  link.signedOut = true;
  link.failures = 0;
  sessionStorage.removeItem(kKey);
  at('login').hidden = false;
  for (const id of ['empty', 'totals', 'sign-out']) at(id).hidden = true;
  at('databases').replaceChildren();
  view.cards.clear();
  view.states.clear();
  view.order = '';
  at('verdict').dataset.level = 'unknown';
  setText(at('verdict-text'), 'Signed out');
  if (tried) setText(at('login-why'), status === 403 ? 'That key may not read the metrics. Use one with the role query, operator or admin.'
      : 'That key is not known here. Check it and try again.');
  if (!at('login').contains(document.activeElement)) at('key').focus();
}

// Targets and labels change rarely: asked for now and then, and when a database is new.
async function learnDatabases(pools) {
  const known = pools.every((pool) => link.databases.has(pool.db_id));
  if (known && Date.now() - link.learned < kLearnEvery) return;
  const answer = await ask('/databases');
  link.databases = new Map((answer.body.databases ?? []).map((database) => [database.db_id, database]));
  link.learned = Date.now();
}

async function refresh() {
  const [metrics, health, ready] = await Promise.all([ask('/metrics?format=json'), ask('/health'), ask('/readyz')]);
  if (metrics.status === 401 || metrics.status === 403) return showLogin(metrics.status);
  if (metrics.status !== 200 || !Array.isArray(metrics.body.pools)) throw new Error(`/metrics answered ${metrics.status}`);
  await learnDatabases(metrics.body.pools);
  Object.assign(link, {last: Date.now(), failures: 0, signedOut: false});
  link.draining = ready.status === 503 && ready.body.status === 'draining';
  at('sign-out').hidden = sessionStorage.getItem(kKey) === null;
  draw(metrics.body, health.body);
}

async function tick() {
  clearTimeout(link.timer);
  if (document.hidden) return;
  try {
    await refresh();
  } catch {
    link.failures += 1;
    if (!link.last) setText(at('verdict-text'), 'The gateway cannot be reached');
  }
  drawLink();
  if (link.signedOut) return;
  clearTimeout(link.timer);
  link.timer = setTimeout(tick, kEvery * Math.min(5, 1 + Math.floor(link.failures / 3)));
}

at('connect-example').textContent = `curl -sS ${location.origin}/databases/connect \\
  -H 'Content-Type: application/json' \\
  -d '{"host": "127.0.0.1", "port": 5432, "database": "shop",
       "user": "app", "password": "…", "db_id": "shop"}'`;
at('login-form').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(kKey, at('key').value.trim());
  at('key').value = '';
  tick();
});
at('sign-out').addEventListener('click', () => {
  sessionStorage.removeItem(kKey);
  location.reload();
});
document.addEventListener('visibilitychange', tick);
setInterval(drawLink, 1000);
tick();
