// What the server told the page at the start: account, rights, levels, metrics, addresses (see mapapp/pages.py).

export const boot = JSON.parse(document.getElementById("boot").textContent);
