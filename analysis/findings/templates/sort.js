for (const table of document.querySelectorAll('.scroll table')) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  if (body.rows.length < 2 || table.dataset.sorts) continue;
  table.dataset.sorts = 'yes';
  heads.forEach((head, i) => {
    const button = document.createElement('button'), numeric = head.classList.contains('n');
    button.type = 'button';
    button.style.cssText = 'all: unset; cursor: pointer';
    button.textContent = head.textContent;
    head.replaceChildren(button);
    const number = (text) => parseFloat(text.replace(/\u2212/g, '-').replace(/[,<\s]/g, ''));
    button.addEventListener('click', () => {
      const up = head.getAttribute('aria-sort') !== 'ascending', sign = up ? 1 : -1;
      heads.forEach((other) => other.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      const rows = [...body.rows].map((row) => [row, row.cells[i].textContent]);
      rows.sort(([, a], [, b]) => {
        if (!numeric) return sign * a.localeCompare(b);
        const x = number(a), y = number(b);
        return isNaN(x) || isNaN(y) ? isNaN(x) - isNaN(y) : sign * (x - y);
      });
      body.append(...rows.map(([row]) => row));
    });
  });
}
