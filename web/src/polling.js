// Routes other than the snapshot, asked again and again while somebody looks.
import {useCallback, useEffect, useRef, useState} from 'preact/hooks';
import {request} from './api.js';
import {store} from './store.js';

/** {answer, reload}: the last answer of GET `url`, renewed every so often; null while there is none. */
export function usePolled(url, every) {
  const [answer, setAnswer] = useState(null);
  const current = useRef(url);
  current.current = url;
  const underWay = useRef(0);
  const reload = useCallback(async () => {
    const asked = current.current;
    underWay.current += 1;
    const got = await request('GET', asked).finally(() => { underWay.current -= 1; });
    if (asked === current.current) setAnswer(got);
  }, []);
  useEffect(() => {
    reload();
    if (!every) return undefined;
    const timer = setInterval(() => { if (!document.hidden && !store.frozen && !underWay.current) reload(); }, every);
    return () => clearInterval(timer);
  }, [url, every]);
  return {answer, reload};
}
