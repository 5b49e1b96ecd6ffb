// 'Choose all on this page': one box ticks the others, and follows them.
document.addEventListener("change", (event) => {
  const form = event.target.closest?.("[data-select-all]");
  if (!form) return;
  const all = form.querySelector("[data-all]");
  const boxes = [...form.querySelectorAll('input[name="lead"]')];
  if (event.target === all) boxes.forEach((box) => (box.checked = all.checked));
  const chosen = boxes.filter((box) => box.checked).length;
  all.checked = chosen > 0 && chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
});
