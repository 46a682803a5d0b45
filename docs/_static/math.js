// Each equation of a page by KaTeX; without it the LaTeX stays.
document.querySelectorAll("[data-tex]").forEach((place) => {
  katex.render(place.dataset.tex, place, { displayMode: "display" in place.dataset, throwOnError: false });
});
