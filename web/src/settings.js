// What this browser remembers of how somebody likes to look; nothing secret.
import {useEffect, useState} from 'preact/hooks';

const kKey = 'sluice-dashboard';
const kDefaults = {theme: 'auto', view: 'cards', sort: 'attention', ribbon: '15m', range: '15m'};

function load() {
  try {
    return {...kDefaults, ...JSON.parse(localStorage.getItem(kKey) ?? '{}')};
  } catch {
    return kDefaults;
  }
}

export function useSettings() {
  const [settings, setSettings] = useState(load);
  const set = (change) => setSettings((old) => {
    const now = {...old, ...change};
    try { localStorage.setItem(kKey, JSON.stringify(now)); } catch { /* not remembered, then */ }
    return now;
  });
  return [settings, set];
}

const dark = matchMedia('(prefers-color-scheme: dark)');

/** 'dark' or 'light', and keeps the page so. */
export function useTheme(theme) {
  const [system, setSystem] = useState(dark.matches);
  useEffect(() => {
    const listener = () => setSystem(dark.matches);
    dark.addEventListener('change', listener);
    return () => dark.removeEventListener('change', listener);
  }, []);
  const now = theme === 'auto' ? (system ? 'dark' : 'light') : theme;
  document.documentElement.dataset.theme = now;
  return now;
}
