// Line icons on a 24 grid, 1.75 wide. Decoration only: each stands beside its word.
const kPaths = {
  databases: 'M4 6c0-1.700 3.600-3 8-3s8 1.300 8 3-3.600 3-8 3-8-1.300-8-3zm0 0v12c0 1.700 3.600 3 8 3s8-1.300 8-3V6M4 12c0 1.700 3.600 3 8 3s8-1.300 8-3',
  queries: 'M3 12h4l3-8 4 16 3-8h4',
  statements: 'M4 6h16M4 12h10M4 18h6',
  events: 'M12 7v5l3 2M21 12a9 9 0 1 1-9-9 9 9 0 0 1 9 9z',
  configuration: 'M4 7h9m5 0h2M4 17h2m5 0h9M15.500 4.500v5M8.500 14.500v5',
  console: 'M5 7l5 5-5 5m7 0h7',
  about: 'M12 11v6m0-10v.01M21 12a9 9 0 1 1-9-9 9 9 0 0 1 9 9z',
  sun: 'M12 2v2m0 16v2M4.900 4.900l1.400 1.400m11.400 11.400 1.400 1.400M2 12h2m16 0h2M4.900 19.100l1.400-1.400m11.400-11.400 1.400-1.400M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0z',
  moon: 'M20.500 14.500A8.500 8.500 0 0 1 9.500 3.500a8.500 8.500 0 1 0 11 11z',
  auto: 'M3 5h18v11H3zm6 15h6m-3-4v4',
  help: 'M9.200 9a2.900 2.900 0 0 1 5.600 1c0 2-2.800 2.500-2.800 4m0 3v.01M21 12a9 9 0 1 1-9-9 9 9 0 0 1 9 9z',
  plus: 'M12 5v14m-7-7h14',
  back: 'M15 5l-7 7 7 7',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  search: 'M20 20l-4.500-4.500M17.500 10.500a7 7 0 1 1-14 0 7 7 0 0 1 14 0z',
  download: 'M12 4v11m0 0-4-4m4 4 4-4M4 20h16',
  pause: 'M8 5v14m8-14v14',
  play: 'M7 4.500v15l12-7.500z',
  close: 'M6 6l12 12M18 6 6 18',
  signout: 'M10 4H5v16h5m4-12 4 4-4 4m4-4H9',
};

export const Icon = ({name}) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d={kPaths[name]} /></svg>
);

export const Shape = ({condition}) => (
  <svg class="shape" viewBox="0 0 16 16" aria-hidden="true"><path fill-rule="evenodd" d={condition.shape} /></svg>
);

export const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" /><path d="M7 12h18M7 16.500h12M7 21h6" />
  </svg>
);
