/* Tables that are wider than the text take the margin as well. The theme hides the contents of the page beside whatever
   has this class; it looks for the class when the page is loaded, so it is given just before. */
document.addEventListener("readystatechange", () => {
  if (document.readyState !== "interactive") return;
  for (const box of document.querySelectorAll(".pst-scrollable-table-container, .cell_output .output.text_html")) {
    if (box.querySelector("table") && box.scrollWidth > box.clientWidth) box.classList.add("full-width");
  }
});
