// The words, letters and shapes of what a database is doing. Colours are in the style sheet, under the
// same names; none of them is ever the only sign.
export const kConditions = {
  open: {word: 'Open', letter: 'O', level: 'bad', shape: 'M8 .5 15.500 8 8 15.500 .5 8z', meaning: 'The circuit is open: calls are refused at once until a trial succeeds.'},
  forced_open: {word: 'Forced open', letter: 'X', level: 'warning', shape: 'M1.500 1.500h13v13h-13zM4 7v2h8V7z', meaning: 'An operator holds the circuit open: every call is refused.'},
  half_open: {word: 'Half-open', letter: 'H', level: 'warning', shape: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2v10A5 5 0 0 1 8 3z', meaning: 'A few trial calls decide whether the circuit closes.'},
  draining: {word: 'Draining', letter: 'D', level: 'warning', shape: 'M2 2h12L8 14.500z', meaning: 'What runs is finished; nothing new is taken.'},
  paused: {word: 'Paused', letter: 'P', level: 'warning', shape: 'M3 2h3.500v12H3zM9.500 2H13v12H9.500z', meaning: 'An operator paused it: calls wait until it is resumed.'},
  forced_closed: {word: 'Forced closed', letter: 'F', level: 'notice', shape: 'M1.500 1.500h13v13h-13zm2 2v9h9v-9z', meaning: 'An operator holds the circuit closed: every call is let through.'},
  observe_only: {word: 'Observe only', letter: 'W', level: 'notice', shape: 'M8 1.500 15.200 14H.8z', meaning: 'The breaker watches and tells, and never refuses.'},
  closed: {word: 'Closed', letter: '', level: 'good', shape: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z', meaning: 'Serving calls.'},
  idle: {word: 'Idle', letter: '', level: 'idle', shape: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2.200a4.800 4.800 0 1 1 0 9.600 4.800 4.800 0 0 1 0-9.600z', meaning: 'No call for a minute; nothing is wrong.'},
  unknown: {word: 'Not observed', letter: '', level: 'idle', shape: 'M2 7h12v2H2z', meaning: 'The gateway was not running, or did not look.'},
};
export const kOrder = Object.keys(kConditions);  // the worst first

export function conditionOf(database) {
  if (database.state === 'paused' || database.state === 'draining') return database.state;
  if (database.breaker.state !== 'closed') return database.breaker.state;
  return isQuiet(database) ? 'idle' : 'closed';
}

const isQuiet = (database) => !database.last_used || database.idleFor > 60_000;

// How a call ended: colour and letter, always in this order.
export const kOutcomes = [
  {name: 'ok', letter: '✓', word: 'Succeeded', short: 'OK', column: 1, meaning: 'The call succeeded.'},
  {name: 'failed', letter: 'F', word: 'Failed', short: 'Failed', column: 2, meaning: 'The database, or the way to it, failed.'},
  {name: 'timeout', letter: 'T', word: 'Timed out', short: 'Timeout', column: 3, meaning: 'No connection, or no answer, in time.'},
  {name: 'rejected', letter: 'R', word: 'Rejected', short: 'Rejected', column: 4, meaning: 'Refused by the gateway before anything was sent: open circuit, full queue, pause.'},
  {name: 'bad_request', letter: 'B', word: 'Bad request', short: 'Bad req.', column: 5, meaning: 'The caller’s own mistake: SQL, constraints, cancelled. Never counts against the database.'},
];

/** How much it deserves to be looked at; greater is worse. */
export function urgency(database) {
  const level = {bad: 3, warning: 2, good: 0}[database.level] ?? 0;
  return level * 100 + (kOrder.length - kOrder.indexOf(conditionOf(database)));
}
