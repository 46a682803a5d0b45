// The page: each figure gets its chart; of charts to choose from one set is seen.

const data = JSON.parse(document.getElementById("charts").textContent);
const charts = [...document.querySelectorAll("figure.chart")].map((figure) => new Chart(figure, data[Number(figure.dataset.chart)]));

for (const choice of document.querySelectorAll(".choice")) {
  const select = choice.querySelector("select"), sets = [...choice.querySelectorAll(".set")];
  const see = () => sets.forEach((set, k) => (set.hidden = k !== Number(select.value)));
  select.addEventListener("change", see);
  choice.querySelector(".pick").hidden = sets.length < 2;
  select.value = "0";
  see();
}

const recolour = () => charts.forEach((chart) => chart.recolour());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
recolour();
document.documentElement.dataset.ready = "";
