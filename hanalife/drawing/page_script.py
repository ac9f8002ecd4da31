"""The script of a page whose tables can be sorted and filtered. It is the same text on every page."""

from __future__ import annotations

import base64
import hashlib

#: Works on what the page has; text goes in and out as text only.
SCRIPT = """
'use strict';
const numeric = text => text === '' ? NaN : ({inf: Infinity, '-inf': -Infinity})[text]
  ?? Number(text.replaceAll(',', ''));
const compare = (a, b) => {
  const [x, y] = [numeric(a), numeric(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x < y ? -1 : x > y ? 1 : 0;
  return Number.isNaN(x) - Number.isNaN(y) || a.localeCompare(b, undefined, {numeric: true});
};
const text = (row, at) => row.cells[at]?.dataset.value ?? row.cells[at]?.textContent.trim() ?? '';
for (const table of document.querySelectorAll('table.sortable')) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, at) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    button.title = 'Sort by ' + head.textContent;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const down = head.getAttribute('aria-sort') === 'ascending';
      heads.forEach(each => each.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      const filled = rows.filter(row => text(row, at) !== '');
      filled.sort((a, b) => compare(text(a, at), text(b, at)) * (down ? -1 : 1));
      body.append(...filled, ...rows.filter(row => text(row, at) === ''));
    });
  });
  const box = document.createElement('input');
  box.type = 'search';
  box.placeholder = 'Filter rows';
  box.setAttribute('aria-label', 'Filter rows');
  const count = document.createElement('small');
  count.setAttribute('role', 'status');
  box.addEventListener('input', () => {
    const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const hay = row.textContent.toLowerCase();
      row.hidden = !words.every(word => hay.includes(word));
      shown += !row.hidden;
    }
    count.textContent = words.length ? ` ${shown} of ${rows.length}` : '';
  });
  const bar = document.createElement('p');
  bar.append(box, count);
  table.parentElement.before(bar);
}
"""

#: Nothing is loaded, and no other script runs.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; "
    f"script-src 'sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}'"
)
