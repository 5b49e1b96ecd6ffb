// The merge page: only values of ticked leads can be kept. Whoever unticks a lead sees what is kept
// instead of its values; without this the server says which chosen value is of no ticked lead.
const form = document.querySelector("[data-merge]");

function follow() {
  const ticked = new Set([...form.querySelectorAll('input[name="lead"]:checked')].map((box) => box.value));
  for (const row of form.querySelectorAll("tbody tr")) {
    const radios = [...row.querySelectorAll('input[type="radio"]')];
    for (const radio of radios) radio.disabled = !ticked.has(radio.value);
    if (!radios.some((radio) => radio.checked && !radio.disabled)) {
      const usable = radios.filter((radio) => !radio.disabled);
      const kept = usable.find((radio) => "filled" in radio.dataset) ?? usable[0];
      if (kept) kept.checked = true;
    }
  }
}

form.addEventListener("change", (event) => {
  if (event.target.name === "lead") follow();
});
follow();
