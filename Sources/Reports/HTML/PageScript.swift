/// The script of pages: theme, hints, sortable tables, panels.
enum PageScript {
  static let text = #"""
    'use strict';
    (() => {
      const root = document.documentElement;

      // The theme: the system's until the reader switches.
      const button = document.getElementById('theme');
      button.hidden = false;
      button.addEventListener('click', () => {
        const isDark = root.dataset.theme ? root.dataset.theme === 'dark'
          : matchMedia('(prefers-color-scheme: dark)').matches;
        root.dataset.theme = isDark ? 'light' : 'dark';
      });

      // Hints of pictures appear at once, also where an element has the focus.
      const tip = document.createElement('div');
      tip.className = 'tip';
      tip.setAttribute('role', 'tooltip');
      tip.hidden = true;
      document.body.append(tip);
      for (const title of document.querySelectorAll('svg title')) {
        const owner = title.parentNode;
        owner.dataset.hint = title.textContent;
        if (owner.localName === 'a') owner.setAttribute('aria-label', title.textContent);
        title.remove();
      }
      const show = (owner, x, y) => {
        tip.textContent = owner.dataset.hint;
        tip.hidden = false;
        const box = tip.getBoundingClientRect();
        tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 4)) + 'px';
        tip.style.top = (y + 18 + box.height > innerHeight ? Math.max(4, y - box.height - 10) : y + 18) + 'px';
      };
      const hinted = event => event.target instanceof Element ? event.target.closest('[data-hint]') : null;
      document.addEventListener('pointermove', event => {
        const owner = hinted(event);
        if (owner) show(owner, event.clientX, event.clientY); else tip.hidden = true;
      });
      document.addEventListener('focusin', event => {
        const owner = hinted(event);
        if (!owner || !owner.matches(':focus-visible')) return;
        const box = owner.getBoundingClientRect();
        show(owner, box.right, box.bottom);
      });
      document.addEventListener('focusout', () => { tip.hidden = true; });
      document.addEventListener('scroll', () => { tip.hidden = true; }, { passive: true, capture: true });

      // Tables are sorted by their titles.
      for (const table of document.querySelectorAll('table.sortable')) {
        const heads = [...table.tHead.rows[0].cells];
        heads.forEach((head, column) => {
          const sorter = document.createElement('button');
          sorter.type = 'button';
          sorter.append(...head.childNodes);
          head.append(sorter);
          head.setAttribute('aria-sort', 'none');
          sorter.addEventListener('click', () => {
            const was = head.getAttribute('aria-sort');
            const isNumeric = head.classList.contains('number');
            const direction = was === 'none' ? (isNumeric ? -1 : 1) : was === 'ascending' ? -1 : 1;
            heads.forEach(other => other.setAttribute('aria-sort', 'none'));
            head.setAttribute('aria-sort', direction > 0 ? 'ascending' : 'descending');
            const key = row => {
              const cell = row.cells[column];
              return cell.dataset.order === undefined ? cell.textContent : Number(cell.dataset.order);
            };
            const rows = [...table.tBodies[0].rows];
            rows.sort((one, two) => {
              const [a, b] = [key(one), key(two)];
              return direction * (typeof a === 'number' && typeof b === 'number' ? a - b
                : String(a).localeCompare(String(b)));
            });
            table.tBodies[0].append(...rows);
          });
        });
      }

      // What an address names opens as a panel beside the page; Escape closes it.
      const articles = new Map([...document.querySelectorAll('article[id]')].map(a => [a.id, a]));
      if (articles.size === 0) return;
      root.classList.add('panelled');
      let origin = null;
      const close = () => { history.pushState(null, '', location.pathname + location.search); open(); };
      for (const article of articles.values()) {
        article.tabIndex = -1;
        const closer = document.createElement('button');
        closer.type = 'button';
        closer.className = 'close';
        closer.textContent = 'Close';
        closer.addEventListener('click', close);
        article.prepend(closer);
      }
      const open = () => {
        const wanted = articles.get(location.hash.slice(1));
        const before = document.querySelector('article.open');
        if (before === wanted) return;
        if (before) before.classList.remove('open'); else origin = document.activeElement;
        tip.hidden = true;
        if (wanted) {
          wanted.classList.add('open');
          wanted.scrollTop = 0;
          wanted.focus({ preventScroll: true });
        } else if (origin && origin.focus) {
          origin.focus({ preventScroll: true });
        }
      };
      document.addEventListener('keydown', event => {
        if (event.key === 'Escape' && document.querySelector('article.open')) close();
      });
      // A jump to a panel must not move the page behind it.
      document.addEventListener('click', event => {
        const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null;
        if (!link) return;
        const name = link.getAttribute('href').slice(1);
        if (!articles.has(name)) return;
        event.preventDefault();
        if (location.hash !== '#' + name) history.pushState(null, '', '#' + name);
        open();
      });
      addEventListener('popstate', open);
      addEventListener('hashchange', open);
      open();
    })();
    """#
}
