// Chooses the browser's time zone in <select data-guess-time-zone>, unless something else was chosen.
for (const select of document.querySelectorAll("select[data-guess-time-zone]")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const untouched = select.selectedOptions[0]?.value === "UTC";
  if (untouched && [...select.options].some((option) => option.value === zone)) select.value = zone;
}
