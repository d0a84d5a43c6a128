// Runs in the index of a site, offline: shows the experiments of the page that match the filters.
;(() => {
  const form = document.querySelector('.filters')
  const entries = [...document.querySelectorAll('.entry')]
  if (entries.length < 2) return
  const output = form.querySelector('output')
  const texts = new Map(entries.map((entry) => [entry, entry.textContent.toLowerCase()]))
  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean)
    const workload = form.elements.workload.value
    const tone = form.elements.tone.value
    let shown = 0
    for (const entry of entries) {
      const { dataset } = entry
      const isShown =
        words.every((word) => texts.get(entry).includes(word)) &&
        (workload === '' || dataset.workload === workload) &&
        (tone === '' || dataset.tone === tone)
      entry.hidden = !isShown
      if (isShown) shown++
    }
    output.value = shown === entries.length ? '' : `${shown} of ${entries.length} on this page`
  }
  form.addEventListener('input', filter)
  form.addEventListener('submit', (event) => event.preventDefault())
  form.hidden = false
  // A browser that comes back to the page keeps what was typed.
  filter()
})()
