// Figures as people read them.
export const plural = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;
export const sentence = (text) => (text ? text.charAt(0).toUpperCase() + text.slice(1) : '');

/** "2 m 10 s": the two largest units. */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} m`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds % 86400 / 3600)} h`;
}

/** Three digits, whatever the size. */
export function milliseconds(value) {
  if (value == null || !(value >= 0)) return '–';
  if (value === 0) return '0 ms';
  if (value < 1) return `${value.toFixed(2)} ms`;
  if (value < 10) return `${value.toFixed(1)} ms`;
  if (value < 1000) return `${value.toFixed(0)} ms`;
  return value < 10_000 ? `${(value / 1000).toFixed(2)} s` : `${(value / 1000).toFixed(0)} s`;
}

export function count(value) {
  if (value == null) return '–';
  if (value >= 10_000_000) return `${(value / 1e6).toFixed(0)} M`;
  if (value >= 1_000_000) return `${(value / 1e6).toFixed(1)} M`;
  if (value >= 100_000) return `${(value / 1000).toFixed(0)} k`;
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} k`;
  if (value >= 1000) return `${Math.floor(value / 1000)} ${String(Math.floor(value % 1000)).padStart(3, '0')}`;
  return String(Math.round(value));
}

export function rate(value) {
  if (value == null) return '–';
  if (value > 0 && value < 9.95) return value.toFixed(1);
  return count(value);
}

export function percent(share) {
  if (!Number.isFinite(share)) return '–';
  const value = share * 100;
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`;
}

export function bytes(value) {
  if (value == null) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    ++unit;
  }
  return `${unit && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export const clock = (time) => new Date(time).toLocaleTimeString([], {hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23'});
export const dateAndTime = (time) => `${new Date(time).toLocaleDateString([], {year: 'numeric', month: 'short', day: 'numeric'})}, ${clock(time)}`;
