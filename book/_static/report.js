/* Tables that are wider than the text take the margin as well. The theme hides the contents of the page beside whatever
   has this class; it looks for the class when the page is loaded, so it is given just before. */
document.addEventListener("readystatechange", () => {
  if (document.readyState !== "interactive") return;
  for (const box of document.querySelectorAll(".pst-scrollable-table-container, .cell_output .output.text_html")) {
    if (box.querySelector("table") && box.scrollWidth > box.clientWidth) box.classList.add("full-width");
  }
});

/* A turning figure that is higher than wide, as on a phone, is looked at from further away, so that none of it is cut. */
window.addEventListener("load", () => {
  for (const plot of document.querySelectorAll(".js-plotly-plot")) {
    const eye = plot.layout.scene?.camera.eye, shape = plot.clientHeight / plot.clientWidth, times = 1.3 * shape;
    if (!eye || shape <= 1) continue;
    Plotly.relayout(plot, {"scene.camera.eye": {x: times * eye.x, y: times * eye.y, z: times * eye.z}});
  }
});
