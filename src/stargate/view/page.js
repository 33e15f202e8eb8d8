"use strict";
// Draws every chart whose data stand beside it, and lets it scale as one picture when printed.
(() => {
  const config = {
    responsive: true,
    displaylogo: false,
    modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"],
  };
  const scale = (chart) => {
    const { width, height } = chart._fullLayout;
    for (const svg of chart.querySelectorAll(".main-svg")) {
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    }
    chart.style.setProperty("--ratio", `${width} / ${height}`);
  };
  for (const chart of document.querySelectorAll(".chart")) {
    const { data, layout } = JSON.parse(document.getElementById(`${chart.id}-data`).textContent);
    Plotly.newPlot(chart, data, layout, config).then(() => {
      scale(chart);
      chart.on("plotly_afterplot", () => scale(chart));
    });
  }
})();
