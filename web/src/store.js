// What is known, kept live by one outstanding request: everything once, then what is new.
import {useEffect, useState} from 'preact/hooks';
import {key, request} from './api.js';
import {conditionOf} from './conditions.js';
import {foldIntoMinutes, pointsOf} from './points.js';

const kBackOff = [1000, 2000, 5000, 15_000];
const kPatience = 25_000;   // for one answer; the gateway has news every second
const kDrainingEvery = 1000;
const kGlimpse = 120;       // seconds of a sparkline
const kDay = 86_400;

export const store = {
  phase: 'loading',      // 'live', 'signed-out', 'forbidden', 'unavailable'
  snapshot: null,        // the newest present
  receivedAt: 0,         // by this computer's clock
  failures: 0,           // since the last answer
  problem: null,
  restarted: false,      // another version, or another process, than this page began with
  frozen: false,         // the user wants to look at something that moves
  series: new Map(),     // db_id → {points, ribbon, ribbon24}
  total: {seconds: [], minutes: []},
  detail: null,          // {db_id, seconds, minutes}: the whole history of one database
};

const listeners = new Set();
export const announce = new Set();  // told of changes of state, in words
let timer = 0;
let underWay = null;
let generation = 0;

export function useStore() {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((n) => n + 1);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return store;
}

function changed() {
  for (const listener of [...listeners]) listener();
}

export const age = () => (store.receivedAt ? Date.now() - store.receivedAt : Infinity);
export const databases = () => store.snapshot?.databases ?? [];
export const database = (id) => databases().find((d) => d.db_id === id);
export const mayOperate = () => ['operator', 'admin'].includes(store.snapshot?.caller.role);
export const mayAdminister = () => store.snapshot?.caller.role === 'admin';

// ---- polling --------------------------------------------------------------------------------------

export function start() {
  document.addEventListener('visibilitychange', () => (document.hidden ? stop() : poll()));
  setInterval(() => { if (store.phase !== 'live' || age() > 2500) changed(); }, 1000);
  poll();
}

function stop() {
  ++generation;
  clearTimeout(timer);
  underWay?.abort();
  underWay = null;
}

/** Asks now, whatever was under way. */
export function poll() {
  stop();
  ask(generation);
}

async function ask(mine) {
  underWay = new AbortController();
  const {signal} = underWay;
  const watchdog = setTimeout(() => underWay?.abort(), kPatience);
  const since = store.snapshot ? `?since=${store.snapshot.sequence}&wait_ms=15000` : '';
  let answer = null;
  try {
    answer = await request('GET', `/admin/snapshot${since}`, {signal});
  } catch {
    answer = {ok: false, status: 0, problem: {title: 'The gateway does not answer'}};
  }
  clearTimeout(watchdog);
  if (mine !== generation) return;
  const wait = answer.ok ? take(answer.data) : refuse(answer);
  changed();
  if (wait !== null) timer = setTimeout(() => ask(mine), wait);
}

function refuse(answer) {
  store.problem = answer.problem;
  if (answer.status === 401 || answer.status === 403) {
    store.phase = answer.status === 401 ? 'signed-out' : 'forbidden';
    store.snapshot = null;
    return null;
  }
  ++store.failures;
  if (!store.snapshot) store.phase = 'unavailable';
  return kBackOff[Math.min(store.failures, kBackOff.length) - 1];
}

export function signIn(value) {
  key.set(value);
  store.phase = 'loading';
  store.problem = null;
  changed();
  poll();
}

export function signOut() {
  key.forget();
  forget();
  store.phase = 'signed-out';
  store.problem = null;
  stop();
  changed();
  poll();
}

export function setFrozen(frozen) {
  store.frozen = frozen;
  frozen ? stop() : poll();
  changed();
}

// ---- taking over ----------------------------------------------------------------------------------

function forget() {
  store.snapshot = null;
  store.series = new Map();
  store.total = {seconds: [], minutes: []};
  store.detail = null;
}

/** Returns how long to wait before asking again. */
function take(snapshot) {
  const before = store.snapshot;
  if (before && before.instance.started_at !== snapshot.instance.started_at) {
    store.restarted = true;
    if (!snapshot.history) {
      forget();
      return 0;
    }
  }
  const now = Date.parse(snapshot.time);
  for (const d of snapshot.databases) d.idleFor = d.last_used ? now - Date.parse(d.last_used) : Infinity;
  store.snapshot = snapshot;
  store.receivedAt = Date.now();
  store.failures = 0;
  store.problem = null;
  store.phase = 'live';
  snapshot.history ? takeAll(snapshot) : takeNew(snapshot);
  tellChanges(before, snapshot);
  return snapshot.instance.draining ? kDrainingEvery : 0;
}

function takeAll(snapshot) {
  store.series = new Map(Object.entries(snapshot.history).map(([id, h]) =>
    [id, {points: h.points, ribbon: h.ribbon, ribbon24: h.ribbon_24h}]));
  store.total = {seconds: pointsOf(snapshot.total.seconds, 1), minutes: pointsOf(snapshot.total.minutes, 60)};
  if (store.detail) loadDetail(store.detail.db_id);
}

function takeNew(snapshot) {
  for (const [id, points] of Object.entries(snapshot.points)) {
    if (!store.series.has(id)) store.series.set(id, {points: [], ribbon: [], ribbon24: []});
    const series = store.series.get(id);
    for (const point of points) {
      series.points.push(point);
      for (const ribbon of [series.ribbon, series.ribbon24]) {
        if (ribbon.at(-1)?.[1] !== point[13]) ribbon.push([point[0], point[13]]);
      }
    }
    trim(series.points, snapshot.second - kGlimpse);
    trimRibbon(series.ribbon, snapshot.second - 900);
    trimRibbon(series.ribbon24, snapshot.second - kDay);
    if (store.detail?.db_id === id) addTo(store.detail, points, snapshot.second);
  }
  for (const id of store.series.keys()) if (!(id in snapshot.points)) store.series.delete(id);
  addTo(store.total, snapshot.total_points, snapshot.second);
}

function addTo(history, points, second) {
  for (const point of points) {
    if (history.seconds.length && point[0] <= history.seconds.at(-1)[0]) continue;
    history.seconds.push(point);
    foldIntoMinutes(history.minutes, point);
  }
  trim(history.seconds, second - 900);
  trim(history.minutes, second - kDay);
}

function trim(points, oldest) {
  while (points.length && points[0][0] < oldest) points.shift();
}

function trimRibbon(ribbon, oldest) {
  while (ribbon.length > 1 && ribbon[1][0] <= oldest) ribbon.shift();
}

function tellChanges(before, now) {
  if (!before) return;
  const old = new Map(before.databases.map((d) => [d.db_id, d]));
  for (const d of now.databases) {
    const was = old.get(d.db_id);
    if (!was) continue;
    const [from, to] = [conditionOf(was), conditionOf(d)];
    const both = new Set([from, to]);
    if (from === to || (both.has('idle') && both.has('closed'))) continue;
    for (const tell of announce) tell(d.db_id, to);
  }
}

/** Fetches the whole history of one database, and keeps it live. */
export async function loadDetail(id) {
  if (store.detail?.db_id !== id) store.detail = null;
  const answer = await request('GET', `/admin/snapshot?db_id=${encodeURIComponent(id)}`).catch(() => ({ok: false}));
  if (!answer.ok) return;
  store.detail = {db_id: id, seconds: pointsOf(answer.data.seconds, 1), minutes: pointsOf(answer.data.minutes, 60)};
  changed();
}

export function leaveDetail() {
  store.detail = null;
}
