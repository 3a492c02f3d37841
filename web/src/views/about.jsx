import {isMissing, request, save} from '../api.js';
import {dateAndTime, duration} from '../format.js';
import {Code} from '../parts/basics.jsx';
import {Icon, Shape} from '../parts/icons.jsx';
import {kConditions, kOutcomes} from '../conditions.js';
import {toast} from '../parts/toasts.jsx';
import {store} from '../store.js';

export function About() {
  const {instance, counts, caller} = store.snapshot;
  return (
    <>
      <h1>About</h1>
      <p class="lead">This gateway, and how to get help with it.</p>
      <div class="columns">
        <section class="panel">
          <h2>Instance</h2>
          <dl class="pairs">
            <div><dt>Version</dt><dd>{instance.version}</dd></div>
            <div><dt>Address</dt><dd>{location.origin}</dd></div>
            <div><dt>Started</dt><dd>{dateAndTime(instance.started_at)}</dd></div>
            <div><dt>Up for</dt><dd>{duration(instance.uptime_ms)}</dd></div>
            <div><dt>Databases</dt><dd>{counts.registered}, {counts.with_history} with a history</dd></div>
            <div><dt>You are</dt><dd>{caller.name}, {caller.role}</dd></div>
          </dl>
        </section>
        <section class="panel">
          <h2>Support bundle</h2>
          <p class="soft">One JSON document with version, settings, state, recent events and statements. It holds no passwords, keys or parameter values; statements’ text is in it, so look before you send it.</p>
          <p><button class="primary" onClick={bundle}><Icon name="download" />Download</button></p>
          <h3>For programs</h3>
          <Code text={`curl -H "Authorization: Bearer $SLUICE_KEY" ${location.origin}/metrics?format=prometheus`} />
        </section>
        <section class="panel">
          <h2>States</h2>
          <ul class="meanings">{Object.entries(kConditions).map(([name, c]) => <li key={name} class={`is-${name}`}><Shape condition={c} /><p><b>{c.word}.</b> {c.meaning}</p></li>)}</ul>
        </section>
        <section class="panel">
          <h2>How calls end</h2>
          <ul class="meanings">{kOutcomes.map((o) => <li key={o.name}><i class={`badge ${o.name}`} aria-hidden="true">{o.letter}</i><p><b>{o.word}.</b> {o.meaning}</p></li>)}</ul>
          <p class="soft">The dashboard contains free software: <a href="/admin/licences.txt">licences</a>.</p>
        </section>
      </div>
    </>
  );
}

async function bundle() {
  const answer = await request('GET', '/admin/support-bundle');
  if (isMissing(answer)) return toast('This version of the gateway does not offer a support bundle.', 'warning');
  if (!answer.ok) return toast(answer.problem.detail ?? answer.problem.title, 'bad');
  const day = new Date().toISOString().slice(0, 19).replaceAll(':', '');
  save(`sluice-support-${day}.json`, 'application/json', JSON.stringify(answer.data, null, 1));
}
