/**
 * The icons, drawn on a 20 × 20 grid with a stroke of `currentColor`. One shape per name; `Icon`
 * draws them, and nothing else carries icon paths.
 */
export const icons = {
  alert: '<circle cx="10" cy="10" r="7"/><path d="M10 6.4v4.2M10 13.5v.01"/>',
  ban: '<circle cx="10" cy="10" r="7"/><path d="m5.2 5.2 9.6 9.6"/>',
  bell: '<path d="M5.5 13.5V9a4.5 4.5 0 0 1 9 0v4.5l1.2 1.3H4.3zM8.5 17h3"/>',
  call: '<path d="M6.2 3.2 8 3l1.5 3.4-1.6 1.4a9 9 0 0 0 4.3 4.3l1.4-1.6L17 12l-.2 1.8a2.4 2.4 0 0 1-2.5 2.2A10.6 10.6 0 0 1 4 5.7a2.4 2.4 0 0 1 2.2-2.5z"/>',
  check: '<path d="m4.5 10.5 3.8 3.8 7.5-8.6"/>',
  clip: '<path d="m15.6 9.3-5.7 5.6a3.5 3.5 0 0 1-5-5l6-5.9a2.4 2.4 0 0 1 3.4 3.4l-5.9 5.9a1.2 1.2 0 0 1-1.7-1.7l5.3-5.3"/>',
  coin: '<ellipse cx="10" cy="6" rx="6" ry="2.5"/><path d="M4 6v4c0 1.4 2.7 2.5 6 2.5s6-1.1 6-2.5V6M4 10v4c0 1.4 2.7 2.5 6 2.5s6-1.1 6-2.5v-4"/>',
  compose:
    '<path d="M16.5 10.5v4a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-9a2 2 0 0 1 2-2h4"/><path d="m8 12 .5-2.5 6.4-6.4a1.4 1.4 0 0 1 2 2l-6.4 6.4z"/>',
  copy: '<rect x="7" y="7" width="9.5" height="9.5" rx="2"/><path d="M13 7V5.5A1.5 1.5 0 0 0 11.5 4h-6A1.5 1.5 0 0 0 4 5.5v6A1.5 1.5 0 0 0 5.5 13H7"/>',
  doc: '<path d="M6 3h5.5L15 6.5V16a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1z"/><path d="M11.5 3v3.5H15"/>',
  done: '<circle cx="10" cy="10" r="7"/><path d="m7 10.3 2.1 2.1 4-4.3"/>',
  down: '<path d="m6 8 4 4 4-4"/>',
  edit: '<path d="m4 16 .7-3.4 8.6-8.6a1.8 1.8 0 0 1 2.6 2.6l-8.6 8.6z"/>',
  ext: '<path d="M11.5 4H16v4.5M16 4l-6.5 6.5M14 11.5V14a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h2.5"/>',
  handoff:
    '<path d="M11 6V4.5a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v11a2 2 0 0 0 2 2h3a2 2 0 0 0 2-2V14"/><path d="M8 10h9m-2.8-2.8L17 10l-2.8 2.8"/>',
  hold: '<path d="M6 3h8M6 17h8M7 3v2.4c0 2.1 3 3 3 4.6s-3 2.5-3 4.6V17M13 3v2.4c0 2.1-3 3-3 4.6s3 2.5 3 4.6V17"/>',
  hub: '<rect x="3.5" y="4" width="13" height="5" rx="1.6"/><rect x="3.5" y="11" width="13" height="5" rx="1.6"/><path d="M6.5 6.5v.01M6.5 13.5v.01" stroke-width="2"/>',
  image:
    '<rect x="3" y="4" width="14" height="12" rx="2.2"/><circle cx="7.3" cy="8" r="1.3"/><path d="m4 14.5 3.8-3.6 2.6 2.4 2.7-3 3.4 3.7"/>',
  import:
    '<path d="M10 3v8.5m0 0L6.8 8.3M10 11.5l3.2-3.2M4 13v1.5a2 2 0 0 0 2 2h8a2 2 0 0 0 2-2V13"/>',
  inbox:
    '<path d="M3 11.5 4.6 4.9A1.8 1.8 0 0 1 6.3 3.5h7.4a1.8 1.8 0 0 1 1.7 1.4L17 11.5v3a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z"/><path d="M3 11.5h3.6l1.2 2h4.4l1.2-2H17"/>',
  info: '<circle cx="10" cy="10" r="7"/><path d="M10 9.2v4.3M10 6.6v.01"/>',
  key: '<circle cx="7" cy="13" r="3.2"/><path d="m9.3 10.7 6.2-6.2M13 7l2 2"/>',
  keyboard:
    '<rect x="2.5" y="5" width="15" height="10" rx="2"/><path d="M5.5 8.2v.01M8.5 8.2v.01M11.5 8.2v.01M14.5 8.2v.01M7 12h6"/>',
  label:
    '<path d="M3.5 4.5v4.7a1.5 1.5 0 0 0 .44 1.060l6.3 6.3a1.5 1.5 0 0 0 2.120 0l4.2-4.2a1.5 1.5 0 0 0 0-2.120l-6.3-6.3A1.5 1.5 0 0 0 9.2 3.5H4.5a1 1 0 0 0-1 1z"/><path d="M6.9 6.9v.01" stroke-width="2.2"/>',
  left: '<path d="m12 5-5 5 5 5"/>',
  lock: '<rect x="4.5" y="9" width="11" height="7.5" rx="2"/><path d="M7 9V6.5a3 3 0 0 1 6 0V9"/>',
  logout:
    '<path d="M9 4H5.500A1.500 1.500 0 0 0 4 5.500v9A1.500 1.500 0 0 0 5.500 16H9M8 10h9m-2.800-2.800L17 10l-2.800 2.800"/>',
  menu: '<path d="M3.5 6h13M3.5 10h13M3.5 14h13"/>',
  mic: '<rect x="7.7" y="2.8" width="4.6" height="8.6" rx="2.3"/><path d="M4.8 9.5a5.2 5.2 0 0 0 10.4 0M10 14.7V17"/>',
  more: '<path d="M4.5 10v.01M10 10v.01M15.5 10v.01" stroke-width="2.4"/>',
  note: '<path d="M4 5.5A1.5 1.5 0 0 1 5.5 4h9A1.5 1.5 0 0 1 16 5.5v6L11.5 16h-6A1.5 1.5 0 0 1 4 14.5z"/><path d="M16 11.5h-3a1.5 1.5 0 0 0-1.5 1.5v3"/>',
  offline:
    '<path d="m3 3 14 14M4.6 9.3a8 8 0 0 1 2.6-1.7M10.2 6.9c2 0 3.8.9 5.2 2.4M7.2 12.2A4 4 0 0 1 10 11M10 14.9v.01"/>',
  pause: '<path d="M7.2 5v10M12.800 5v10"/>',
  phone: '<rect x="5.75" y="2.5" width="8.5" height="15" rx="2"/><path d="M9 14.8h2"/>',
  play: '<path d="M7.2 5.2v9.6l7.6-4.8z" fill="currentColor"/>',
  plug: '<path d="M7 3v4M13 3v4M4.8 7h10.4v3a5.2 5.2 0 0 1-10.4 0zM10 15.2V18"/>',
  plus: '<path d="M10 4.5v11M4.5 10h11"/>',
  refresh: '<path d="M16 10a6 6 0 1 1-1.8-4.3L16 7.4M16 4v3.4h-3.4"/>',
  reply: '<path d="M8 5 3.5 9.5 8 14M4 9.5h7a5 5 0 0 1 5 5v.7"/>',
  right: '<path d="m8 5 5 5-5 5"/>',
  ring: '<path d="M10 3a7 7 0 1 1-6.7 5"/><path d="M10 6.2V10l2.5 1.7"/>',
  search: '<circle cx="9" cy="9" r="5.2"/><path d="m13 13 3.8 3.8"/>',
  send: '<path d="M4 10 3.2 4.4a.5.5 0 0 1 .7-.5l12.6 5.6a.5.5 0 0 1 0 1L3.9 16.1a.5.5 0 0 1-.7-.5z"/><path d="M4 10h6"/>',
  settings:
    '<path d="M3 6.2h7m4.4 0H17M3 13.8h2.6m4.4 0h7"/><circle cx="12.2" cy="6.2" r="2.1"/><circle cx="7.8" cy="13.8" r="2.1"/>',
  side: '<rect x="3" y="4" width="14" height="12" rx="2.2"/><path d="M12.5 4v12"/>',
  slash: '<rect x="3" y="3" width="14" height="14" rx="3.4"/><path d="m11.6 6.5-3.2 7"/>',
  smile:
    '<circle cx="10" cy="10" r="7"/><path d="M7 11.8c.7 1 1.7 1.6 3 1.6s2.3-.6 3-1.6M7.6 8v.01M12.4 8v.01"/>',
  snooze: '<path d="M16 11.7A6.6 6.6 0 0 1 8.3 4 6.6 6.6 0 1 0 16 11.7z"/>',
  sort: '<path d="M6 4v12m0 0-2.5-2.5M6 16l2.5-2.5M11 6h6M11 10h4.5M11 14h3"/>',
  sun: '<circle cx="10" cy="10" r="3.3"/><path d="M10 2.8v1.6m0 11.2v1.6M2.8 10h1.6m11.2 0h1.600M4.900 4.900l1.150 1.150m7.900 7.900 1.150 1.150m0-10.200-1.150 1.150m-7.900 7.900-1.150 1.150"/>',
  team: '<circle cx="7.500" cy="7.200" r="2.700"/><path d="M2.500 15.800c.5-2.700 2.500-4.100 5-4.100s4.500 1.400 5 4.100M12.600 4.700a2.600 2.600 0 0 1 0 5M14.300 12c1.700.5 2.800 1.800 3.200 3.800"/>',
  tpl: '<rect x="3.5" y="3.5" width="13" height="13" rx="2.2"/><path d="M3.5 7.5h13M6.5 10.6h7M6.5 13.4h4.2"/>',
  trash:
    '<path d="M4 6h12M8 6V4.500a1 1 0 0 1 1-1h2a1 1 0 0 1 1 1V6M5.500 6l.700 9a1.500 1.500 0 0 0 1.500 1.400h4.600a1.500 1.500 0 0 0 1.500-1.400l.700-9"/>',
  up: '<path d="m6 12 4-4 4 4"/>',
  user: '<circle cx="10" cy="7" r="3.2"/><path d="M4 16.8c.6-3.1 3-4.8 6-4.8s5.4 1.7 6 4.8"/>',
  x: '<path d="m5.5 5.5 9 9m0-9-9 9"/>',
} as const;

export type IconName = keyof typeof icons;
