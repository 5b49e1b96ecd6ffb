// A file that is dropped on [data-dropzone] becomes the form's file, and its upload is shown.
// Without this module the plain file input does the same, without a bar.
const size = (bytes) =>
  bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3)).toLocaleString("en")} KB` : `${(bytes / 1e6).toFixed(1)} MB`;

for (const form of document.querySelectorAll("[data-dropzone]")) {
  const input = form.querySelector('input[type="file"]');
  const name = form.querySelector("[data-dropzone-name]");
  const bar = form.querySelector("[data-dropzone-progress]");
  const button = form.querySelector("button");
  const errors = form.querySelector("[data-dropzone-errors]");
  const fields = form.querySelector("[data-dropzone-fields]");
  const longest = Number(form.dataset.longest);

  const show = () => {
    const file = input.files[0];
    const large = Boolean(file && longest && file.size > longest);
    input.setCustomValidity(large ? `The file is larger than ${longest / 1e6} MB.` : "");
    name.textContent = file ? `${file.name}, ${size(file.size)}` : "Drag a file here, or choose one.";
    if (large) input.reportValidity();
  };
  input.addEventListener("change", show);

  for (const kind of ["dragenter", "dragover"]) {
    form.addEventListener(kind, (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      form.classList.add("is-over");
    });
  }
  form.addEventListener("dragleave", (event) => {
    if (!form.contains(event.relatedTarget)) form.classList.remove("is-over");
  });
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("is-over");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    show();
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const request = new XMLHttpRequest();
    const fail = (said) => {
      bar.hidden = true;
      button.disabled = false;
      name.textContent = said || "The upload did not work. Nothing was kept; try again.";
      name.classList.add("text-bad");
    };
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      bar.value = total ? (100 * loaded) / total : 0;
      if (total && loaded === total) name.textContent = "Looking at the file…";
    });
    request.addEventListener("error", () => fail());
    request.addEventListener("load", () => {
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      const wrong = page.querySelector("[data-dropzone-errors]");
      if (wrong?.childElementCount) {
        // Refused: what is wrong stands in the form that came back. The file stays chosen here.
        wrong.querySelector("[data-dropzone-again]")?.remove();
        bar.hidden = true;
        button.disabled = false;
        show();
        errors.replaceChildren(...wrong.children);
        const mended = page.querySelector("[data-dropzone-fields]");
        if (fields && mended) {
          // What was typed while the file went up counts, too.
          for (const typed of fields.querySelectorAll("[name]")) {
            const same = mended.querySelector(`[name="${typed.name}"]`);
            if (same) [same.value, same.checked] = [typed.value, typed.checked];
          }
          fields.replaceChildren(...mended.childNodes);
        }
        errors.scrollIntoView({ block: "nearest" });
      } else if (request.status < 400) {
        window.location.assign(request.responseURL);
      } else fail(page.querySelector(".error-text")?.textContent);
    });
    bar.hidden = false;
    button.disabled = true;
    name.classList.remove("text-bad");
    errors.replaceChildren();
    request.open("POST", form.action);
    request.send(new FormData(form));
  });
}
