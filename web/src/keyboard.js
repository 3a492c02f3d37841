import {useEffect} from 'preact/hooks';

const kTabs = {d: 'databases', q: 'queries', s: 'statements', e: 'events', c: 'configuration', r: 'console', a: 'about'};
const kRanges = ['5m', '15m', '1h', '24h'];

/** No single key changes anything at a database. */
export function useKeyboard({settings, set, help, freeze}) {
  useEffect(() => {
    let went = 0;
    const listener = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      if (event.key === 'Escape') return escape(event);
      if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
      if (Date.now() - went < 1500 && kTabs[event.key]) {
        went = 0;
        location.hash = `#/${kTabs[event.key]}`;
        return event.preventDefault();
      }
      went = event.key === 'g' ? Date.now() : 0;
      const act = {
        '/': () => document.getElementById('filter')?.focus(), '?': help,
        j: () => step(1), k: () => step(-1), ArrowDown: () => step(1, event), ArrowUp: () => step(-1, event),
        t: () => set({view: settings.view === 'table' ? 'cards' : 'table'}), p: freeze,
        '[': () => range(-1), ']': () => range(1),
      }[event.key];
      if (act && act() !== false) event.preventDefault();
    };
    const range = (by) => {
      const at = kRanges.indexOf(settings.range) + by;
      if (kRanges[at]) set({range: kRanges[at]});
    };
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  });
}

function escape(event) {
  if (event.target.id === 'filter') return event.target.blur();
  if (/^#\/databases\/./.test(location.hash)) location.hash = '#/databases';
}

/** From card to card, or from row to row. Arrows scroll as ever until a card has the focus. */
function step(by, arrow) {
  const all = [...document.querySelectorAll('.card h3 a, table.rows tbody th a')];
  const at = all.indexOf(document.activeElement);
  if (!all.length || (arrow && at < 0)) return false;
  const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))];
  next.focus();
  next.closest('.card, tr').scrollIntoView({block: 'nearest'});
  return true;
}
