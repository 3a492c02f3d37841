// Requests to the gateway that served this page. The key lives in this tab only, and goes along as
// a header, which no other page can make a browser send.
const kKey = 'sluice-key';

export const key = {
  get: () => sessionStorage.getItem(kKey) ?? '',
  set: (value) => sessionStorage.setItem(kKey, value),
  forget: () => sessionStorage.removeItem(kKey),
};

/** What every request ends as: {ok, status, data, problem, timing, milliseconds}; never throws but AbortError. */
export async function request(method, path, {body, signal} = {}) {
  const headers = {Accept: 'application/json'};
  if (key.get()) headers.Authorization = `Bearer ${key.get()}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const began = performance.now();
  let response;
  try {
    response = await fetch(path, {
      method, headers, signal, cache: 'no-store', credentials: 'omit',
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    return failure(0, {title: 'The gateway does not answer', detail: 'The connection failed. Is it running?'}, began);
  }
  return read(response, began);
}

async function read(response, began) {
  let data = null;
  try {
    data = await response.json();
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    return failure(response.status, {title: 'Not what was expected', detail: 'The answer is no JSON.'}, began);
  }
  if (!response.ok) return failure(response.status, data, began);
  return {
    ok: true, status: response.status, data, problem: null,
    timing: response.headers.get('Server-Timing') ?? '', milliseconds: performance.now() - began,
  };
}

function failure(status, problem, began) {
  return {ok: false, status, data: null, problem, timing: '', milliseconds: performance.now() - began};
}

/** A route that this version of the gateway does not have. */
export const isMissing = (answer) => answer.status === 404 && answer.problem?.code === 'not_found' &&
    /nothing at this path/.test(answer.problem.detail ?? '');

export const path = (...parts) => `/${parts.map(encodeURIComponent).join('/')}`;

/** Saves text, or what a route answers, as a file. */
export function save(name, type, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], {type}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
