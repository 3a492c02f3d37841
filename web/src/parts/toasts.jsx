import {useEffect, useState} from 'preact/hooks';
import {announce} from '../store.js';
import {kConditions} from '../conditions.js';

const kShown = 6000;
const kQuiet = 5000;  // between announcements: a flapping breaker must not talk all the time
let add = () => {};
let next = 0;

/** Says how something ended; for eyes and for screen readers. */
export const toast = (text, level = 'good') => add({id: ++next, text, level});

export function Toasts() {
  const [toasts, setToasts] = useState([]);
  add = (one) => {
    setToasts((all) => [...all.slice(-3), one]);
    setTimeout(() => setToasts((all) => all.filter((t) => t.id !== one.id)), kShown);
  };
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.map((t) => <p key={t.id} class={`toast ${t.level}`}>{t.text}</p>)}
    </div>
  );
}

/** Changes of state, and nothing else, are said aloud. */
export function Announcer() {
  const [words, setWords] = useState('');
  useEffect(() => {
    let gathered = [];
    let timer = 0;
    const tell = (id, condition) => {
      gathered.push(`${id}: ${kConditions[condition]?.word ?? condition}`);
      if (timer) return;
      timer = setTimeout(() => { timer = 0; setWords(gathered.join('. ')); gathered = []; }, words ? kQuiet : 100);
    };
    announce.add(tell);
    return () => { clearTimeout(timer); announce.delete(tell); };
  }, [words]);
  return <p class="unseen" role="status" aria-live="polite">{words}</p>;
}
