// The post card on its own page: the one button that a printed sheet needs.
document.getElementById("print").addEventListener("click", () => globalThis.print());
