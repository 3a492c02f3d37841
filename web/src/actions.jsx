// What operators do, each asked for first and its outcome told.
import {path, request} from './api.js';
import {ask} from './parts/dialog.jsx';
import {toast} from './parts/toasts.jsx';
import {duration, milliseconds} from './format.js';
import {mayAdminister, poll} from './store.js';

const kReason = {name: 'reason', label: 'Reason', hint: 'Shown to others, and kept in the events.', placeholder: 'moving disks'};
const kForHowLong = {
  name: 'for_ms', label: 'Ends by itself after', type: 'select', value: '600000',
  options: [['60000', '1 minute'], ['600000', '10 minutes'], ['3600000', '1 hour'], ['', 'never; I shall end it']],
};

const kVerbs = {
  pause: {title: 'Pause', text: 'New calls wait until it is resumed, and are refused when their acquire timeout is over. What runs goes on.'},
  resume: {title: 'Resume', text: 'Calls are taken again; those that wait are served.'},
  reconnect: {title: 'Reconnect', text: 'Every connection is replaced as soon as what runs on it has ended. Nothing is interrupted.'},
  drain: {title: 'Drain', text: 'What runs is finished, then the connections are closed. New calls are refused until it is resumed.', danger: true},
};

const soon = (answer) => {
  if (answer.ok) poll();
  return answer;
};

export function operate(verb, id) {
  const {title, text, danger} = kVerbs[verb];
  ask({
    title: `${title} ${id}?`, text, danger, confirm: title, fields: [kReason],
    run: async ({reason}) => soon(await request('POST', path('admin', 'databases', id, verb), {body: reason ? {reason} : {}})),
    done: (data) => data.message || `${id}: ${verb} was carried out.`,
  });
}

export async function probe(id) {
  toast(`Asking ${id} …`);
  const answer = await request('POST', path('admin', 'databases', id, 'probe'), {body: {}});
  if (!answer.ok) return toast(`${id}: ${answer.problem.detail ?? answer.problem.title}`, 'bad');
  const {ok, latency_ms: latency, error} = answer.data;
  const why = typeof error === 'string' ? error : error?.detail ?? error?.message ?? 'it did not answer';
  toast(ok ? `${id} answered in ${milliseconds(latency)}.` : `${id}: ${why}`, ok ? 'good' : 'bad');
}

export function overrideBreaker(id, now) {
  const forced = ['forced_open', 'forced_closed', 'observe_only'].includes(now);
  ask({
    title: `Circuit breaker of ${id}`, confirm: 'Apply', danger: false,
    fields: [
      {name: 'state', label: 'From now on', type: 'choice', value: forced ? 'auto' : 'forced_open', options: [
        ['forced_open', 'Forced open', 'refuse every call'],
        ['forced_closed', 'Forced closed', 'let every call through, whatever happens'],
        ['observe_only', 'Observe only', 'let every call through, and tell what it would have done'],
        ['auto', 'Automatic', 'end an override; start afresh, closed'],
      ]},
      {...kReason, required: true}, kForHowLong,
    ],
    run: async ({state, reason, for_ms: time}) => {
      const body = {state, reason};
      if (time && state !== 'auto') body.for_ms = Number(time);
      return soon(await request('POST', path('admin', 'databases', id, 'breaker'), {body}));
    },
    done: (data) => `The circuit of ${id} is ${data.breaker.state.replace('_', ' ')}.`,
  });
}

/** Only in the demo, whose databases may be troubled. */
export function trouble(id) {
  ask({
    title: `Trouble ${id}?`, danger: true, confirm: 'Do it',
    text: 'This is the demo: see what the gateway notices, whom it protects, and how it recovers.',
    fields: [{name: 'action', label: 'What happens to the database', type: 'choice', value: 'kill', options: [
      ['slow', 'Slow', 'every answer comes late'],
      ['stop', 'Stop', 'it takes connections and answers nothing'],
      ['kill', 'Kill', 'connections end, and new ones are refused'],
      ['recover', 'Recover', 'it is well again'],
    ]}],
    run: async ({action}) => soon(await request('POST', path('admin', 'chaos', id), {body: {action}})),
    done: (data) => data.message,
  });
}

export async function changeLimits(id) {
  const answer = await request('GET', path('databases', id));
  if (!answer.ok) return toast(answer.problem.detail, 'bad');
  const {pool} = answer.data.settings;
  const number = (name, label, hint, min = 0) => ({name, label, hint, min, type: 'number', value: pool[name], required: true, half: true});
  ask({
    title: `Limits of ${id}`, confirm: 'Apply', text: 'They hold at once, until the gateway is started or configured anew.',
    fields: [
      number('max_size', 'Connections at most', 'permanent ones', 1), number('min_size', 'At least', 'kept open while in use'),
      number('max_overflow', 'Overflow', 'extra ones under load'), number('max_waiters', 'Callers in the queue', '0: 64 × connections'),
      number('acquire_timeout_ms', 'Longest wait for one, ms', '', 1),
    ],
    run: async (values) => {
      const changed = Object.fromEntries(Object.entries(values).map(([k, v]) => [k, Number(v)]).filter(([k, v]) => v !== pool[k]));
      return soon(await request('PATCH', path('databases', id), {body: {pool: changed}}));
    },
    done: (data) => `${id} may have ${data.pool.max_size} connections.`,
  });
}

export function disconnect(id) {
  ask({
    title: `Disconnect ${id}?`, danger: true, confirm: 'Disconnect',
    text: 'The gateway forgets this database: calls to it are answered with 404. What runs may finish for 30 seconds. The database itself is not touched.',
    fields: [{name: 'name', label: `Type ${id} to confirm`, matches: id}],
    run: async () => soon(await request('DELETE', path('databases', id))),
    done: () => { location.hash = '#/databases'; return `${id} is disconnected.`; },
  });
}

export function connect() {
  if (!mayAdminister()) return toast('Connecting a database needs the role admin.', 'bad');
  const text = (name, label, more = {}) => ({name, label, required: true, half: true, ...more});
  ask({
    title: 'Connect a database', confirm: 'Try and connect', wide: true,
    text: 'It is tried before anything is registered. The password is kept in memory, and shown nowhere.',
    fields: [
      text('host', 'Host', {placeholder: '127.0.0.1'}), text('port', 'Port', {type: 'number', value: '5432', min: 1}),
      text('database', 'Database'), text('user', 'User'),
      text('password', 'Password', {type: 'password', required: false}),
      text('ssl', 'Encryption', {type: 'select', value: 'prefer', options: [['prefer', 'if it can'], ['require', 'required'], ['verify-full', 'required, certificate verified'], ['disable', 'none']]}),
      text('db_id', 'Id here', {required: false, placeholder: 'orders', hint: 'what calls name it by'}),
      text('max_size', 'Connections at most', {type: 'number', value: '10', min: 1}),
    ],
    run: async ({max_size: most, port, ...rest}) => {
      const given = Object.fromEntries(Object.entries(rest).filter(([, v]) => v !== ''));
      const body = {...given, port: Number(port), pool: {max_size: Number(most)}};
      return soon(await request('POST', '/databases/connect', {body}));
    },
    done: (data) => `${data.db_id} is ${data.created ? 'connected' : 'connected already'}; PostgreSQL ${data.server_version}, ${milliseconds(data.latency_ms)}.`,
  });
}

export function cancelQuery(query, after) {
  ask({
    title: 'Cancel this query?', danger: true, confirm: 'Cancel the query',
    text: `${query.db_id}, ${query.phase} for ${duration(query.elapsed_ms)}. Its caller gets an error; what it changed is undone.`,
    content: <pre class="code-block" tabIndex={0}>{query.sql}</pre>,
    run: async () => {
      const answer = await request('DELETE', path('admin', 'queries', query.id));
      if (answer.status === 404) return {ok: true, data: {over: true}};
      return answer;
    },
    done: (data) => { after?.(); return data.over ? 'It had ended already.' : 'The query was asked to stop.'; },
  });
}
