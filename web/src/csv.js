// RFC 4180, with what spreadsheets would take for a formula made harmless.
const kFormula = /^[=+\-@\t\r]/;
const kNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export function cell(value) {
  if (value === null || value === undefined) return '';
  let text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (kFormula.test(text) && !kNumber.test(text)) text = `'${text}`;
  // NULL is nothing, the empty text is two quotes: so the two stay apart.
  return text === '' || /[",\r\n']/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csv = (header, rows) => [header, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
